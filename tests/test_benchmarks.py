"""The benchmark's code works: every way decides alike, every part gives a figure. Nothing is timed here.

The benchmark itself refuses to report ways that decide otherwise; so a run that ends well has checked them all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
    report.into_readme(readme, "new\n")
    report.into_readme(readme, "newer\n")
    assert readme.read_text() == "# A\n\n<!-- benchmark -->\n\nnewer\n\n## Next\n\nrest\n"


def _module(name: str) -> Any:
    """A module of the benchmark, which are found by their folder, as `python run.py` finds them."""
    if str(BENCHMARKS) not in sys.path:
        sys.path.append(str(BENCHMARKS))
    return __import__(name)
