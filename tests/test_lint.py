"""The linter: each rule on the programs beside its expectations, what it says of the repository's own policies, and
what it does on anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from expectations import complaints, lint_program, programs

from nbadsl.diagnostics import KINDS
from nbadsl.lint import OF_MEANING, OF_TEXT, Options, lint
from nbadsl.lint import rules as folder
from nbadsl.pipeline import check

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "cases" / "lint"
CASES = [
    pytest.param(path.stem, program, id=f"{path.stem}:{line}")
    for path in sorted(FOLDER.glob("*.nba"))
    for line, program in programs(path.read_text(encoding="utf-8"))
]
OWN = [
    path
    for folder in ("nbadsl/templates", "examples", "stdlib", "tests/benchmarks")
    for path in sorted((ROOT / folder).rglob("*.nba"))
    if any(line.startswith("policy") for line in path.read_text(encoding="utf-8").splitlines())
]


@pytest.mark.parametrize(("kind", "program"), CASES)
def test_a_rule_finds_exactly_what_stands_beside_the_lines(kind: str, program: str) -> None:
    kinds = frozenset({kind, "never-holds"} if kind == "unused-ignore" else {kind})
    if kind == "together":
        kinds = frozenset(KINDS)
    assert complaints(program, Options(select=kinds)) == []


def test_every_rule_is_a_file_a_kind_and_a_case() -> None:
    files = {p.stem for p in Path(folder.__file__).parent.glob("*.py")} - {"__init__"}
    modules = {rule.__name__.rpartition(".")[2] for rule in (*OF_TEXT, *OF_MEANING)}
    kinds = {kind.name for kind in KINDS.values() if kind.severity == "hint"}
    of_comments = {"unused-ignore", "unknown-ignore", "ignore-without-reason"}
    assert files == modules
    assert {name.replace("_", "-") for name in files} | of_comments == kinds
    assert kinds <= {path.stem for path in FOLDER.glob("*.nba")}


@pytest.mark.parametrize("path", OWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_our_own_policies_give_no_findings(path: Path) -> None:
    checked = check(path)
    found = (*checked.diagnostics, *lint(checked))
    assert [f"{d.span}: {d.kind.name}: {d.message}" for d in found] == []


def test_a_sample_says_how_many_a_field_blocks() -> None:
    program = 'action offer {\n  require income > 800 EUR\n  eligible when city is "Berlin"\n}\n'
    options = Options(select=frozenset({"blocking-field"}), unknown_shares={"income": 0.125, "city": 0.5})
    assert [d.message for d in lint_program(program, options)] == [
        "whoever has no `income` does not pass this `require`, which is 12% of the sample",
        "whoever has no `city` does not pass this `eligible`, which is 50% of the sample",
    ]
