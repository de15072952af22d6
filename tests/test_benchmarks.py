"""The benchmark's code works: every way decides alike, every part gives a figure. Nothing is timed here.

The benchmark itself refuses to report ways that decide otherwise; so a run that ends well has checked them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import nbadsl

HERE = Path(__file__).parent
BENCHMARKS = HERE / "benchmarks"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of the smallest run, and what it said."""
    out = tmp_path_factory.mktemp("benchmark") / "out.json"
    command = [sys.executable, BENCHMARKS / "run.py", "--quick", "--rows", "2500", "--json", out]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {**json.loads(out.read_text()), "text": done.stdout, "notes": done.stderr}


def test_every_installed_way_decides_alike_and_the_others_are_named_loudly(quick: dict[str, Any]) -> None:
    ways = _module("ways")
    (comparison,) = quick["comparisons"]
    measured = {m["way"] for m in comparison["measured"]}
    assert measured == {entry.name for entry in ways.WAYS if not entry.missing}
    for entry in ways.WAYS:
        assert (f"LEFT OUT: {entry.title}" in quick["notes"]) == entry.missing
        assert (f"| {entry.title} |" in quick["text"]) != entry.missing


def test_a_run_tells_how_long_each_step_takes(quick: dict[str, Any]) -> None:
    (starts,) = quick["starts"]
    assert set(starts["stages"]) == {"parse", "declare", "check", "program", "plan", "save"}
    assert min(*starts["stages"].values(), starts["load"], starts["one"], starts["first_table_source"]) > 0
    assert "`decide_one`, median" in quick["text"]


def test_laying_out_is_measured_with_and_without_changes(quick: dict[str, Any]) -> None:
    (layout,) = quick["layouts"]
    assert layout["lines"] >= 200 and layout["size"] > 30 * layout["lines"]
    assert min(layout["same"], layout["changed"]) > 0
    assert f"`nba fmt` of {layout['lines']:,} lines" in quick["text"]


def test_an_editors_waits_are_measured(quick: dict[str, Any]) -> None:
    (waited,) = quick["editor"]
    assert 350 < waited["lines"] <= 400
    assert min(*waited["start"], *waited["keystroke"], *waited["hover"], *waited["completion"]) > 0
    assert 20e6 < waited["peak"] < 1e9
    assert "keystroke to findings" in quick["text"]


def test_simulations_are_measured_alone_and_against_an_old_policy(quick: dict[str, Any]) -> None:
    (found,) = quick["simulations"]
    assert 0 < found["changed"] < found["people"] == 2500
    assert min(found["seconds"]) > 0 and 20e6 < min(found["peaks"])
    assert "`--against` an old policy" in quick["text"]


def test_limits_are_measured_where_they_bind(quick: dict[str, Any]) -> None:
    (limits,) = quick["limits"]
    batches, keeping, singles = limits["batches"], limits["keeping"], limits["singles"]["seconds"]
    assert 0 < batches["outdone"] < batches["stopped"] < batches["people"] == 2500
    assert 0 < batches["decided"] < batches["decided_free"]
    assert 0 < batches["calls"] <= 12 < batches["wanted"]
    for turns in batches["turns"]:
        assert len(turns["free"]) == len(turns["limited"]) == 1
        assert min(turns["limited"][0].values()) > 0
    assert 0 < keeping["kept"] <= keeping["people"] and keeping["keep"] > keeping["decide"] > 0
    assert 0 < singles["decided"] <= 250  # a tenth of the people
    assert singles["all"] > singles["rooms"] > 0 and singles["reserve"] > 0 and singles["free_p99"] > 0
    assert min(limits["memory"][name] for name in ("free", "limited", "light", "fewer")) > 10e6
    assert "with ten limits" in quick["text"]


def test_ten_limits_of_which_four_are_shared_and_none_is_idle(tmp_path: Path) -> None:
    contacts, made = _module("contacts"), _module("policy").make_policy(50)
    limits = contacts.limits_of(made, 1_000_000)
    assert len(limits) == 10 and sum(limit.shared for limit in limits) == 4
    path = tmp_path / "policy.nba"
    path.write_text(contacts.limited_source(made, 1_000_000, limits))
    assert not nbadsl.check(path).diagnostics
    facts = nbadsl.load(path).facts
    assert sum(limit.subject != facts.key for limit in facts.limits) == 4


def test_the_history_is_made_once_and_the_same_everywhere(tmp_path: Path) -> None:
    contacts, made = _module("contacts"), _module("policy").make_policy(10)
    (tmp_path / "other").mkdir()
    path = contacts.make_history(tmp_path, made, 300, 5_000)
    again = contacts.make_history(tmp_path / "other", made, 300, 5_000)
    events = pq.read_table(path)
    assert events.equals(pq.read_table(again)) and events.num_rows == 5_000
    at = events.column("at").to_pylist()
    assert at == sorted(at) and at[-1] < contacts.LAST < contacts.NOW and (at[-1] - at[0]).days > 700
    households = contacts.make_members(300).column("household")
    assert {1, 2, 3, 4} == set(Counter(households.to_pylist()).values())
    of = dict(zip(range(300), households.to_pylist(), strict=True))
    assert all(of[row["key"]] == row["household"] for row in events.to_pylist())
    made_at = path.stat().st_mtime_ns
    assert contacts.make_history(tmp_path, made, 300, 5_000).stat().st_mtime_ns == made_at


def test_a_process_is_not_charged_with_the_memory_of_the_one_that_measures_it() -> None:
    much = np.ones(500_000_000, np.uint8)
    assert _module("starts").probe("run", "-c", "pass")["peak"] < 200e6 < much.nbytes


def test_a_way_that_decides_otherwise_is_refused() -> None:
    compare = _module("compare")
    wanted = np.array([0, 3, -1], np.int32), np.array([0.5, 0.25, np.nan])
    near = np.array([0, 2, -1], np.int32), np.array([0.5, 0.25 + 1e-14, np.nan])
    compare.check("equal", True, wanted, wanted)
    compare.check("a tie but for rounding", False, wanted, near)
    with pytest.raises(compare.Disagreement, match="1 of 3 people"):
        compare.check("not to the bit", True, wanted, near)
    with pytest.raises(compare.Disagreement, match="action 1 with"):
        compare.check(
            "another one", False, wanted, (np.array([1, 3, -1], np.int32), np.array([0.6, 0.25, np.nan]))
        )
    with pytest.raises(compare.Disagreement, match="action 0 with"):
        compare.check("somebody", False, wanted, (np.array([0, 3, 0], np.int32), np.array([0.5, 0.25, 0.1])))


def test_the_memory_of_a_run_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]))
    people = _module("people")
    monkeypatch.setattr(people, "PIECE", 2_000)
    run = _module("memory").measure_run(10, 300_000, tmp_path)
    assert run.rows % 2_000 == 0 and run.size >= 300_000
    assert run.peak > 10e6  # bytes: a Python process has more
    assert not list(tmp_path.glob("*.parquet"))


def test_the_tables_go_between_their_mark_and_the_next_heading(tmp_path: Path) -> None:
    report = _module("report")
    readme = tmp_path / "README.md"
    readme.write_text("# A\n\n<!-- benchmark -->\n\nold\n\n## Next\n\nrest\n")
    report.into(readme, "new\n")
    report.into(readme, "newer\n")
    assert readme.read_text() == "# A\n\n<!-- benchmark -->\n\nnewer\n\n## Next\n\nrest\n"


def test_tables_are_written_without_those_of_other_marks(tmp_path: Path) -> None:
    report = _module("report")
    readme = tmp_path / "README.md"
    readme.write_text("<!-- benchmark -->\n\nold\n\n<!-- benchmark of limits -->\n\n## Next\n")
    report.into(readme, "limits\n", report.LIMITS_MARK)
    report.into(readme, "engine\n", report.MARK)
    text = "<!-- benchmark -->\n\nengine\n\n<!-- benchmark of limits -->\n\nlimits\n\n## Next\n"
    assert readme.read_text() == text
    readme.write_text("no mark\n")
    with pytest.raises(ValueError, match="<!-- benchmark of limits -->"):
        report.into(readme, "limits\n", report.LIMITS_MARK)


def _module(name: str) -> Any:
    """A module of the benchmark, which are found by their folder, as `python run.py` finds them."""
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))
    return __import__(name)
