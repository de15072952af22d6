"""`nba run` and `nba build`: formats, bad rows, reports that agree, no half-written file."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from commands import NOW, RUN, change, decided, fails, nba, read

FORMATS = ("csv", "parquet", "arrow")


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_goes_in_and_out(source: str, target: str, shop: Path):
    table = arrow_csv.read_csv(
        shop / "customers.csv",
        convert_options=arrow_csv.ConvertOptions(
            column_types={"last_complaint": pa.timestamp("us")}, true_values=["yes"], false_values=["no"]
        ),
    )
    if source == "parquet":
        pq.write_table(table, "customers.parquet")
    elif source == "arrow":
        with ipc.new_file("customers.arrow", table.schema) as file:
            file.write_table(table)
    assert nba(*RUN, "--out", "expected.csv").code == 0
    ended = nba("run", "policy.nba", "-p", f"customers.{source}", *NOW, "--out", f"found.{target}")
    assert ended.code == 0, ended.said
    assert decided(shop / f"found.{target}") == decided(shop / "expected.csv")


def with_bad_rows(shop: Path) -> None:
    with (shop / "customers.csv").open("a") as customers:
        customers.write(
            "C013,200,basic,19.90,0.5,,yes\nC014,20,gold,19.90,0.5,,yes\nC015,20,basic,,0.5,,yes\n"
        )


def test_bad_rows_are_decided_nothing_and_written_aside(shop: Path):
    with_bad_rows(shop)
    ended = nba(*RUN, "--out", "decisions.csv", "--rejects", "rejects.csv")
    assert ended.code == 0 and "15 people" in ended.out
    assert decided(shop / "decisions.csv")[12:] == [
        ("C013", "", "bad data: age"),
        ("C014", "", "bad data: plan"),
        ("C015", "", "bad data: monthly_fee"),
    ]
    assert re.search(r'^age +1 +"200" is not a whole number from 0 to 120', ended.out, re.MULTILINE)
    rejects = read(shop / "rejects.csv").to_pylist()
    assert [(r["customer_id"], r["row"]) for r in rejects] == [("C013", "13"), ("C014", "14"), ("C015", "15")]
    assert rejects[0]["problem"] == '"200" is not a whole number from 0 to 120'
    assert rejects[1]["plan"] == "gold" and "gold" in rejects[1]["problem"]


def test_strict_makes_bad_rows_an_error_and_writes_nothing(shop: Path):
    with_bad_rows(shop)
    before = sorted(p.name for p in shop.iterdir())
    said = fails(1, *RUN, "--out", "decisions.csv", "--rejects", "rejects.csv", "--strict")
    assert 'row 13: bad data: age: "200" is not a whole number from 0 to 120' in said
    assert said.endswith("nothing was written (--strict)")
    assert sorted(p.name for p in shop.iterdir()) == before
    change(shop / "nba.toml", "out =", "strict = true\nout =")
    assert fails(1, "run", *NOW) == said


def test_a_failed_run_leaves_the_old_decisions_and_no_half_ones(shop: Path):
    assert nba(*RUN, "--out", "decisions.csv").code == 0
    before = (shop / "decisions.csv").read_bytes()
    change(shop / "customers.csv", "churn_risk", "churn")
    said = fails(2, *RUN, "--out", "decisions.csv")
    assert "churn_risk" in said
    assert (shop / "decisions.csv").read_bytes() == before
    assert sorted(p.name for p in shop.iterdir()) == [
        "customers.csv",
        "decisions.csv",
        "nba.toml",
        "policy.nba",
    ]


def test_both_reports_and_the_decisions_tell_the_same_numbers(shop: Path):
    with_bad_rows(shop)
    change(shop / "policy.nba", "arbitrate {", "holdout asleep 30% by customer_id\n\narbitrate {")
    text = nba(*RUN, "--out", "decisions.csv").out
    report = json.loads(nba(*RUN, "--report", "json").out)
    rows = decided(shop / "decisions.csv")
    assert report["people"] == len(rows) == 15 and "15 people" in text
    actions, nothing = Counter(a for _, a, _ in rows if a), Counter(r for _, a, r in rows if not a)
    of_report: Counter[str] = Counter()
    for share in report["decisions"]:
        of_report[share["name"].split()[0]] += share["people"]
        assert re.search(rf"^{re.escape(share['name'])} +{share['people']} ", text, re.MULTILINE)
    assert of_report == actions
    told: Counter[str] = Counter()
    for name, people in nothing.items():
        told["bad data" if name.startswith("bad data") else name] += people
    assert {s["name"]: s["people"] for s in report["nothing"]} == told
    assert any(name.startswith("holdout") for name in told) and told["bad data"] == 3
    for name, people in told.items():
        assert re.search(rf"^nothing \({re.escape(name)}\) +{people} ", text, re.MULTILINE)
    for funnel in report["funnels"]:
        lost = sum(r["stopped"] for r in funnel["rules"])
        rest = sum(
            funnel[n]
            for n in ("inactive", "quiet", "no_score", "below_threshold", "outranked", "held_out", "chosen")
        )
        assert lost + rest == funnel["considered"]


def test_no_report_is_silent(shop: Path):
    assert nba(*RUN, "--report", "none").out == ""


def test_a_run_can_be_repeated_to_the_byte(shop: Path):
    files = []
    for threads in ("1", "2"):
        assert nba(*RUN, "--threads", threads, "--seed", "7", "--out", f"{threads}.csv").code == 0
        files.append((shop / f"{threads}.csv").read_bytes())
    assert files[0] == files[1]


def test_a_parameter_is_set_as_one_writes_it_in_the_policy(levers: Path):
    for value in ("0.5", "50%"):
        assert nba(*RUN, "--set", f"lever={value}", "--out", "decisions.csv").code == 0
        assert read(levers / "decisions.csv").to_pylist()[1]["score"] == "3"


def test_the_compiled_policy_decides_like_its_source(shop: Path):
    built = nba("build", "policy.nba", "-o", "compiled.nbac")
    assert built.code == 0 and "4 candidates" in built.out
    assert nba(*RUN, "--out", "a.csv").code == 0
    assert nba("run", "compiled.nbac", "-p", "customers.csv", *NOW, "--out", "b.csv").code == 0
    assert (shop / "a.csv").read_bytes() == (shop / "b.csv").read_bytes()
    sources, compiled = (
        nba("explain", p, "C001", "-p", "customers.csv", *NOW).out for p in ("policy.nba", "compiled.nbac")
    )
    assert sources == compiled


def test_a_damaged_compiled_policy_is_refused(shop: Path):
    assert nba("build", "policy.nba", "-o", "compiled.nbac").code == 0
    whole = (shop / "compiled.nbac").read_bytes()
    (shop / "compiled.nbac").write_bytes(whole[:-20])
    said = fails(2, "run", "compiled.nbac", "-p", "customers.csv", *NOW)
    assert said.startswith("error: ") and "compiled.nbac" in said and said.count("\n") == 0


def test_strict_releases_what_was_kept_before_the_bad_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("policy.nba").write_text(
        """policy few { timezone "Europe/Berlin" currency EUR }
profile customer key customer_id { customer_id: text  age: integer in 0..120 }
action tip { value 2  limit 1 per customer per 7 days }
arbitrate { score value  pick 1 }
"""
    )
    Path("people").mkdir()
    for name, ages in (("1", [30, 40]), ("2", [50, 200])):  # two files are two batches
        keys = [f"{name}-{age}" for age in ages]
        pq.write_table(pa.table({"customer_id": keys, "age": ages}), f"people/{name}.parquet")
    run = ("run", "policy.nba", "-p", "people", *NOW, "--out", "out.csv", "--history", "contacts.db")
    said = fails(1, *run, "--strict")
    assert "row 4: bad data: age" in said
    assert said.endswith("nothing was written, and 2 decisions are released (--strict)")
    assert not list(Path.cwd().glob("*out.csv*"))
    # Who was released has room again, also at the next moment.
    again = ("run", "policy.nba", "-p", "people", "--now", "2026-11-10 09:01", *run[6:])
    assert nba(*again).code == 0
    assert [row[1] for row in decided(Path("out.csv"))] == ["tip", "tip", "tip", ""]


def test_a_new_policy_decides_the_same_on_every_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert nba("new", "shop").code == 0
    monkeypatch.chdir(tmp_path / "shop")
    assert str(date.today() - timedelta(days=5)) in Path("customers.csv").read_text()
    assert nba("explain", "C003").out.startswith("apology via email\n")
