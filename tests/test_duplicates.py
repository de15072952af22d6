"""Keys that come more than once are told of, whatever they are and however they come."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from commands import nba
from hypothesis import given
from hypothesis import strategies as st

import nbadsl
from nbadsl.engine.duplicates import Duplicates, Keys

POLICY = """
policy twice { currency EUR }
profile customer key rank {
  rank: KEY
  worth: number
}
action coupon { value worth }
action news { value 4 }
arbitrate { score value  pick PICK  nothing below 1 }
"""
TEXTS = st.sampled_from(["a", "b", "", "ß", "A", "aa"])


def of(keys: list[pa.Array], most: int = 2**24) -> Duplicates | None:
    found = Keys(most)
    for some in keys:
        found.add(some)
    return found.duplicates()


@given(st.lists(st.lists(st.none() | TEXTS)) | st.lists(st.lists(st.none() | st.integers(-3, 9))))
def test_they_are_those_that_a_counter_finds(batches: list[list[str | int | None]]) -> None:
    all = [key for some in batches for key in some]
    counts = {key: n for key, n in Counter(all).items() if key is not None and n > 1}
    found = of([pa.array(some) for some in batches])
    if not counts:
        assert found is None
        return
    assert found is not None
    assert (found.keys, found.rows, found.looked) == (len(counts), sum(counts.values()), len(all))
    first = next(key for key in all if key in counts)
    first_row = all.index(first)
    assert found.example == (first_row + 1, all.index(first, first_row + 1) + 1)


def test_only_the_first_rows_are_remembered() -> None:
    keys = pa.array(["a", "b", "a"])
    assert of([keys, keys], most=2) is None
    assert of([keys, keys], most=4) == Duplicates(1, 3, (1, 3), 4)


@pytest.mark.parametrize("type", ["text", "integer"])
@pytest.mark.parametrize("pick", [1, 2])
def test_the_report_tells(type: str, pick: int, tmp_path: Path) -> None:
    path = tmp_path / "twice.nba"
    path.write_text(POLICY.replace("KEY", type).replace("PICK", str(pick)))
    keys = [str(k) if type == "text" else k for k in (7, 8, 7, 9, 9, 7, 3)]
    report = nbadsl.load(path).decide({"rank": keys, "worth": [5.0, 9, 0.5, 9, None, 9, 9]}).report
    assert report.duplicates == Duplicates(2, 5, (1, 3), 7)
    assert report.as_dict()["duplicates"]["keys"] == 2


def test_a_marketer_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.nba").write_text(POLICY.replace("KEY", "text").replace("PICK", "1"))
    (tmp_path / "people.csv").write_text("rank,worth\nC1,5\nC2,3\nC1,7\n")
    told = nba("run", "twice.nba", "-p", "people.csv")
    assert "one key comes more than once, in 2 rows, such as 1 and 3: each row is decided" in told.out
    (tmp_path / "people.csv").write_text("rank,worth\nC1,5\nC2,3\n")
    assert "more than once" not in nba("run", "twice.nba", "-p", "people.csv").out
