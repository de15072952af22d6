"""The page of each kind of finding is true: its examples are run, and every kind has one."""

import pytest
from expectations import check_program, completed, files_of, fixed, lint_files, lint_program

from nbadsl.diagnostics import KINDS, Diagnostic
from nbadsl.diagnostics.pages import find_page, names
from nbadsl.lint import Options

PAGES = [pytest.param(name, id=name) for name in names()]
MENDED = (
    "blocking-field",
    "idle-unknown-clause",
    "known-of-never",
    "mismatched-types",
    "mixed-and-or",
    "never-holds",
    "thousands-point",
    "unknown-declaration",
    "unknown-ignore",
    "unknown-name",
    "unknown-type",
    "unsettled-unknown",
    "unused-definition",
    "unused-ignore",
    "wrong-type",
    "wrong-unknown-clause",
)


def example(name: str, heading: str) -> str:
    page = find_page(name)
    assert page is not None
    return page.example(heading)


def asked(name: str) -> Options:
    """The linter is asked for one kind; for an ignore that is not used, for the kind that it names as well."""
    return Options(select=frozenset({name, "never-holds"} if name == "unused-ignore" else {name}))


def found_in(name: str, program: str) -> tuple[Diagnostic, ...]:
    """What is found in an example of a kind: a hint is one of the linter's, asked for it alone."""
    if KINDS[name].severity != "hint":
        return check_program(program)
    return lint_program(program, asked(name))


def shown(found: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{d.kind.name}: {d.message}" for d in found]


def test_every_kind_has_a_page_and_every_page_a_kind():
    assert set(names()) == set(KINDS)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_advises_to_avoid_gives_exactly_its_kind(name):
    found = found_in(name, example(name, "Avoid"))
    assert [d.kind.name for d in found] == [name], shown(found)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_prefers_gives_no_finding(name):
    program = example(name, "Prefer")
    assert program
    assert shown(found_in(name, program)) == []


def test_these_pages_show_a_mistake_that_can_be_mended():
    offered = {name for name in names() if any(d.fixes for d in found_in(name, example(name, "Avoid")))}
    assert offered == set(MENDED)


@pytest.mark.parametrize("name", MENDED)
def test_each_fix_that_is_offered_removes_the_finding_and_brings_no_other(name):
    program = example(name, "Avoid")
    for fix in (fix for d in found_in(name, program) for fix in d.fixes):
        mended = completed(fixed(files_of(program), fix))
        assert shown(lint_files(mended, asked(name))) == [], fix.title


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_title_a_summary_and_its_two_examples_in_order(name):
    page = find_page(name)
    assert page is not None
    assert page.text.startswith(f"# {page.title}\n\n{page.summary.split()[0]}")
    assert len(page.summary.split()) >= 15
    headings = [line for line in page.text.splitlines() if line.startswith("## ")]
    assert headings in (["## Avoid", "## Prefer"], ["## Avoid", "## Prefer", "## Why"])


def test_a_kind_without_a_page_has_none():
    assert find_page("no-such-kind") is None
    assert find_page("../pages/syntax") is None


def test_the_sections_of_a_page_are_cut_at_its_headings():
    page = find_page("unsettled-unknown")
    assert page is not None
    assert page.section("Prefer").startswith("```nba\naction loan {")
    assert page.section("Prefer").endswith("}\n```")
    assert page.section("Why").startswith("In a spreadsheet")
    assert page.section("No such section") == ""
