"""Every program in `tests/cases/diagnostics/` gives exactly the findings that its comments expect."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from expectations import (
    check_files,
    check_program,
    complaints,
    completed,
    expected_in,
    files_of,
    fixed,
    programs,
)

from nbadsl.diagnostics import Diagnostic, Findings

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "cases" / "diagnostics"
# The file with the cases of a module of semantics, where it has another name than the module.
CASES_OF = {
    "calls": "types",
    "conditions": "types",
    "contacts": "limits",
    "declare": "names",
    "fields": "types",
    "infer": "types",
    "judge": "tables",
    "keys": "choosing",
    "load": "imports",
    "mismatch": "types",
    "rules": "purposes",
    "trials": "tests",
    "unknown_names": "names",
}
CASES = [
    pytest.param(program, id=f"{path.stem}:{line}")
    for path in sorted(FOLDER.glob("*.nba"))
    for line, program in programs(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("program", CASES)
def test_a_program_gives_exactly_the_findings_beside_its_lines(program):
    assert complaints(program) == []


def test_what_every_module_of_semantics_finds_has_cases_in_a_file_that_can_be_found(monkeypatch):
    finders: dict[str, set[str]] = {}
    report = Findings.report

    def told(self, *arguments, **more):
        finders.setdefault(file, set()).add(sys._getframe(1).f_globals["__name__"].split(".")[-1])
        return report(self, *arguments, **more)

    monkeypatch.setattr(Findings, "report", told)
    for path in sorted(FOLDER.glob("*.nba")):
        file = path.stem
        for _, program in programs(path.read_text(encoding="utf-8")):
            check_program(program)
    modules = [p for p in (ROOT / "nbadsl" / "semantics").glob("*.py") if ".report(" in p.read_text()]
    assert len(modules) > 10
    lost = [p.stem for p in modules if p.stem not in finders.get(CASES_OF.get(p.stem, p.stem), ())]
    assert lost == []


def findings(found: tuple[Diagnostic, ...]) -> Counter[tuple[str, str]]:
    return Counter((d.kind.name, d.message) for d in found)


def test_every_fix_removes_its_finding_and_brings_no_other():
    offered = 0
    for program in (case.values[0] for case in CASES):
        before = check_program(program)
        for diagnostic in before:
            for fix in diagnostic.fixes:
                offered += 1
                after = check_files(completed(fixed(files_of(program), fix)))
                expected = findings(before) - findings((diagnostic,))
                assert findings(after) <= expected, (program.strip(), fix.title)
    assert offered > 50


def test_the_harness_notices_a_finding_that_is_missing_and_one_that_is_not_expected():
    [missing] = complaints('define a = age  # error: [unknown-name] "no such message"\n')
    assert missing == 'not found: policy.nba:1: error: [unknown-name] "no such message"'
    [surplus] = complaints("\n\ndefine a = ag\n")
    assert surplus == 'not expected: policy.nba:3: error: [unknown-name] "there is no value called `ag`"'


def test_the_harness_notices_a_finding_on_another_line_or_with_another_message():
    assert len(complaints("# error: [unknown-name]\ndefine a = ag\n")) == 2
    assert len(complaints('define a = ag  # error: [unknown-name] "another message"\n')) == 2
    assert len(complaints("define a = ag  # warning: [unknown-name]\n")) == 2
    assert len(complaints('define a = ag  # error: [unknown-name] help "no such advice"\n')) == 2
    assert complaints('define a = ag  # error: [unknown-name] help "did you mean"\n') == []


def test_programs_keep_the_line_numbers_of_their_file():
    text = "define a = 1\n---\n# two\ndefine b = ag  # error: [unknown-name]\n"
    (first, _), (second, program) = programs(text)
    assert (first, second) == (1, 3)
    assert [e.line for e in expected_in(program)] == [4]
    assert complaints(program) == []
