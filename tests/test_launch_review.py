"""Example 05: what catches each planted mistake, as the table in its README says; the pages of the story are run there."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

import pytest
from documents import ROOT

from nbadsl.difference import differences
from nbadsl.pipeline import compile
from nbadsl.program.nodes import Program
from nbadsl.prove import frequency, guarantees
from nbadsl.prove.answers import PROVED, REFUTED
from nbadsl.prove.search import Search
from nbadsl.prove.subject import Subject as Proving
from nbadsl.semantics.model import Model
from nbadsl.source import overlaid
from nbadsl.testing.run import run
from nbadsl.testing.trials import Subject

FOLDER = ROOT / "examples" / "05-launch-review"
POLICY = FOLDER / "launched" / "policy.nba"
README = FOLDER / "README.md"
_TABLE = re.compile(r"(?<=<!-- what catches what -->\n\n).*?\n(?=\n)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake: `old` text of a file that stands there once, and what is written instead."""

    name: str
    file: str
    old: str
    new: str


FAULTS = [Fault(**f) for f in tomllib.loads((FOLDER / "faults.toml").read_text(encoding="utf-8"))["fault"]]


def policy(texts: dict[str, str]) -> tuple[Model, Program]:
    """The launched policy with some texts in front of its files."""
    checked, program = compile(POLICY, overlaid(texts))
    assert program is not None, [d.message for d in checked.diagnostics]
    return checked.model, program


@cache
def launched() -> tuple[Model, Program]:
    return policy({})


@cache
def faulty(fault: Fault) -> tuple[Model, Program]:
    """The launched policy with a mistake."""
    path = FOLDER / "launched" / fault.file
    text = path.read_text(encoding="utf-8")
    assert text.count(fault.old) == 1
    return policy({str(path): text.replace(fault.old, fault.new)})


@cache
def failing(fault: Fault) -> tuple[str, ...]:
    """The tests of the policy that fail with a mistake."""
    results, _ = run(POLICY, Subject(*faulty(fault)), "", 1)
    return tuple(dict.fromkeys(r.name.partition(":")[0] for r in results if r.failures))


def broken(model: Model, program: Program) -> tuple[str, ...]:
    """The guarantees that do not hold for everybody."""
    subject, search = Proving(POLICY, model, program), Search([program], seconds=20)
    answers = [guarantees.prove(search, subject, n) for n in range(len(program.guarantees))]
    answers += [frequency.prove(search, subject, n) for n in range(len(program.at_most))]
    assert all(a.status in (PROVED, REFUTED) for a in answers), answers
    return tuple(a.name for a in answers if a.status == REFUTED)


@cache
def refuted(fault: Fault) -> tuple[str, ...]:
    """The guarantees that a mistake breaks."""
    return broken(*faulty(fault))


def caught(fault: Fault) -> tuple[str, str, str]:
    """What catches a mistake: the first test that fails, the first guarantee that is broken, and what the difference
    says first."""
    said = differences(launched()[0], faulty(fault)[0])
    first = f"{said[0].subject}: {said[0].text}" if said else ""
    return next(iter(failing(fault)), ""), next(iter(refuted(fault)), ""), first


def test_without_a_mistake_nothing_is_caught() -> None:
    results, _ = run(POLICY, Subject(*launched()), "", 1)
    assert len(results) > 40 and not any(r.failures for r in results)
    assert differences(launched()[0], policy({})[0]) == ()
    assert broken(*launched()) == ()


def test_there_are_twenty() -> None:
    assert len({f.name for f in FAULTS}) == len(FAULTS) == 20


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_every_mistake_is_caught(fault: Fault) -> None:
    assert caught(fault)[-1], "the difference says nothing"


def test_most_are_caught_before_anybody_reads_the_difference() -> None:
    assert sum(bool(failing(f) or refuted(f)) for f in FAULTS) >= 17
    assert sum(bool(refuted(f)) for f in FAULTS) >= 5


def table() -> str:
    """The table of the README."""
    rows = [(f.name, *caught(f)) for f in FAULTS]
    head = "| mistake | test that fails | guarantee that is refuted | `nba diff` says |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(_cell(c) for c in row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|") or "–"


def test_the_readme_lists_what_catches_what(request: pytest.FixtureRequest) -> None:
    text = README.read_text(encoding="utf-8")
    found = _TABLE.search(text)
    assert found, "the README has no table"
    if request.config.getoption("--update-documents") and found[0] != table():
        README.write_text(_TABLE.sub(lambda _: table(), text), encoding="utf-8")
        pytest.fail("the table was rewritten: read it, and run the tests again")
    assert found[0] == table()
