"""A time without a zone is in the policy's time zone, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from commands import nba
from hypothesis import given
from hypothesis import strategies as st

import nbadsl
from nbadsl.data.local_times import instants
from nbadsl.data.profiles import open_profiles
from nbadsl.program.givens import BadInput
from nbadsl.program.nodes import Input
from nbadsl.types import TIME
from nbadsl.zone import microseconds, zone

POLICY = """
policy local { timezone "Europe/Berlin" }
profile customer key id { id: integer  at: time or never }
context { asked: time optional }
parameter since: time = 2020-01-01
action plain { eligible when at is 2026-11-10 10:00 }
action skipped { eligible when at is 2026-03-29 02:30 }
action twice { eligible when at is 2026-10-25 02:30 }
action new_year { eligible when at is 2027-01-01 }
action was_asked { eligible when asked is 2026-10-25 02:30 }
action lately { eligible when since is 2026-10-25 02:30 }
arbitrate { score 1  pick 3 }
"""
LOCAL = (
    datetime(2026, 11, 10, 10),
    datetime(2026, 3, 29, 2, 30),  # which clocks skip
    datetime(2026, 10, 25, 2, 30),  # which clocks show twice
    datetime(2027, 1, 1),
    None,
)
ACTIONS = ["plain", "skipped", "twice", "new_year", None]
ZONES = ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC")


@pytest.fixture
def policy(tmp_path: Path) -> nbadsl.Policy:
    (tmp_path / "policy.nba").write_text(POLICY)
    return nbadsl.load(tmp_path / "policy.nba")


def table(unit: str = "us") -> pa.Table:
    return pa.table({"id": range(5), "at": pa.array(LOCAL, pa.timestamp(unit))})


def csv(folder: Path, mark: str = "") -> Path:
    rows = [f"{i},{'' if at is None else f'{at:%Y-%m-%d %H:%M}'}" for i, at in enumerate(LOCAL)]
    (folder / "people.csv").write_text("\n".join(["id,at", *rows, *([mark] if mark else [])]) + "\n")
    return folder / "people.csv"


def parquet(folder: Path) -> Path:
    pq.write_table(table(), folder / "people.parquet")
    return folder / "people.parquet"


def arrow_file(folder: Path) -> Path:
    with ipc.new_file(folder / "people.arrow", table().schema) as file:
        file.write_table(table())
    return folder / "people.arrow"


WAYS: dict[str, Callable[[Path], Any]] = {
    **{f"Arrow in {unit}": lambda _, unit=unit: table(unit) for unit in ("s", "ms", "us", "ns")},
    "CSV": csv,
    "CSV with another cell that has a zone": lambda folder: csv(folder, "5,2026-01-01 00:00Z"),
    "Parquet": parquet,
    "an Arrow file": arrow_file,
    "pandas": lambda _: table().to_pandas(),
    "a list": lambda _: [{"id": i, "at": at} for i, at in enumerate(LOCAL)],
    "texts in a list": lambda _: [{"id": i, "at": at and at.isoformat()} for i, at in enumerate(LOCAL)],
    "arrays": lambda _: {"id": np.arange(5), "at": np.array([at or "NaT" for at in LOCAL], "datetime64[us]")},
    "with the zone": lambda _: table().set_column(
        1,
        "at",
        pc.assume_timezone(table()["at"], "Europe/Berlin", ambiguous="earliest", nonexistent="latest").take(
            pa.array([0, None, 2, 3, 4])
        ),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_local_times_of_data_are_those_of_the_policys_literals(
    way: str, policy: nbadsl.Policy, tmp_path: Path
):
    found = policy.decide(WAYS[way](tmp_path), now=datetime(2026, 1, 1)).to_pylist()[:5]
    assert [row["action"] for row in found] == [
        None if way == "with the zone" and action == "skipped" else action for action in ACTIONS
    ]


@pytest.mark.parametrize("at, action", list(zip(LOCAL, ACTIONS, strict=True)))
def test_so_are_those_of_one_person(at: datetime | None, action: str | None, policy: nbadsl.Policy):
    for given_as in (at, at and at.isoformat(), at and np.datetime64(at)):
        person = {"id": 1, "at": given_as}
        assert [c.action for c in policy.decide_one(person).choices] == [a for a in [action] if a]


def test_so_are_those_of_the_context_and_of_parameters(policy: nbadsl.Policy):
    def chosen(**parts: Any) -> list[str]:
        return [c.action for c in policy.decide_one({"id": 1, "at": None}, **parts).choices]

    twice = datetime(2026, 10, 25, 2, 30)
    for moment in (
        twice,
        twice.replace(tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    ):
        assert chosen(context={"asked": moment}) == ["was_asked"]
        assert chosen(parameters={"since": moment}) == ["lately"]
    with pytest.raises(BadInput, match="asked"):
        chosen(context={"asked": timedelta(days=1)})


def test_so_are_those_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(POLICY)
    csv(tmp_path)
    moment = "2026-10-25 02:30"
    for option in (f"--context=asked={moment}", f"--set=since={moment}"):
        ended = nba("run", "policy.nba", "-p", "people.csv", option, "--report", "json", "--now", moment)
        assert '"decisions"' in ended.out
        assert ("was_asked" if "context" in option else "lately") in ended.out.partition('"nothing"')[0]
        assert f'"now": "{moment} Europe/Berlin"' in ended.out


def test_rejects_of_a_column_without_a_zone_are_in_utc(policy: nbadsl.Policy):
    people = pa.table({"id": [1, None], "at": pa.array([LOCAL[0]] * 2, pa.timestamp("us"))})
    [reject] = policy.decide(people).rejects.to_pylist()
    assert reject["at"] == datetime(2026, 11, 10, 9, tzinfo=UTC)


def test_old_96_bit_times_of_parquet_are_in_utc(tmp_path: Path):
    path = tmp_path / "p.parquet"
    pq.write_table(table(), path, use_deprecated_int96_timestamps=True)
    [batch] = open_profiles(path, (Input("at", TIME, never=True, zone="Europe/Berlin"),))
    assert batch.people["at"][0].as_py() == datetime(2026, 11, 10, 10, tzinfo=UTC)


@given(
    st.lists(st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)) | st.none(), min_size=1, max_size=4),
    st.sampled_from(ZONES),
)
def test_columns_and_single_times_are_read_as_python_reads_them(moments: list[datetime | None], name: str):
    """`fold=0`: the offset before the change, for what clocks skip and for what they show twice."""
    expected = [m and m.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) for m in moments]
    column = instants(pa.array(moments, pa.timestamp("us")), Input("at", TIME, zone=name))
    assert column.to_pylist() == expected
    read = [None if m is None else microseconds(m, name) for m in moments]
    assert read == [
        e and (e - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for e in expected
    ]


@pytest.mark.parametrize("name", ZONES)
def test_local_times_around_every_change_are_read_as_python_reads_them(name: str):
    found = zone(name)
    for start in found.starts[1:]:
        for minutes in range(-150, 151, 30):
            at = datetime(1970, 1, 1) + timedelta(microseconds=start + found.offset(start), minutes=minutes)
            aware = at.replace(tzinfo=ZoneInfo(name))
            assert microseconds(at, name) == microseconds(aware, "UTC"), (name, at)


def test_counts_far_outside_the_calendar_stay_outside():
    far = pa.array([-(2**63) + 1, 2**63 - 1, None], pa.int64())
    for unit in ("s", "ms", "us"):
        column = instants(far.view(pa.timestamp(unit)), Input("at", TIME, zone="Europe/Berlin"))
        low, high, missing = column.view(pa.int64()).to_pylist()
        assert low < -(2**61) and high > 2**61 and missing is None
