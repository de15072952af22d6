"""The page of each kind of finding is true: its examples are run, and every kind has one."""

import pytest
from expectations import check_files, check_program, completed, files_of, fixed

from nbadsl.diagnostics import KINDS, Diagnostic
from nbadsl.diagnostics.pages import find_page, names

PAGES = [pytest.param(name, id=name) for name in names()]
MENDED = (
    "idle-unknown-clause",
    "known-of-never",
    "mismatched-types",
    "mixed-and-or",
    "unknown-declaration",
    "unknown-name",
    "unknown-type",
    "unsettled-unknown",
    "wrong-type",
    "wrong-unknown-clause",
)


def example(name: str, heading: str) -> str:
    page = find_page(name)
    assert page is not None
    return page.example(heading)


def shown(found: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{d.kind.name}: {d.message}" for d in found]


def test_every_kind_has_a_page_and_every_page_a_kind():
    assert set(names()) == set(KINDS)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_advises_to_avoid_gives_exactly_its_kind(name):
    found = check_program(example(name, "Avoid"))
    assert [d.kind.name for d in found] == [name], shown(found)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_prefers_gives_no_finding(name):
    program = example(name, "Prefer")
    assert program
    assert shown(check_program(program)) == []


def test_these_pages_show_a_mistake_that_can_be_mended():
    offered = {name for name in names() if any(d.fixes for d in check_program(example(name, "Avoid")))}
    assert offered == set(MENDED)


@pytest.mark.parametrize("name", MENDED)
def test_each_fix_that_is_offered_removes_the_finding_and_brings_no_other(name):
    program = example(name, "Avoid")
    for fix in (fix for d in check_program(program) for fix in d.fixes):
        assert shown(check_files(completed(fixed(files_of(program), fix)))) == [], fix.title


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
