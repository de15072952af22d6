"""The standard library keeps what its comments promise.

Every exported name is documented, has an example, and is exercised with at least two sets of arguments: the
`# Example: CALL is VALUE` lines of the modules and the lines of `cases/stdlib/*.txt`, run through the reference
interpreter. All of them become one policy, an action each: `action case_1 { eligible when (CALL) is VALUE }`. Its
profile has a field of each type that is unknown, so that the cases can say what happens then. The moment is
2026-11-10 10:00 UTC.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from math import isclose
from pathlib import Path

import pytest

from nbadsl.interpreter import Evaluator
from nbadsl.pipeline import check, compile
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Compare, Program, Value
from nbadsl.resources import folder
from nbadsl.semantics.builtins import COUNTS
from nbadsl.source import Source, read
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import documentation
from nbadsl.syntax.parser import parse
from nbadsl.types import HOUR
from nbadsl.zone import zone

CASES = Path(__file__).parent / "cases" / "stdlib"
MODULES = sorted(folder("stdlib").glob("*.nba"))
EXAMPLE = re.compile(r"^Example: (.+) is (\S.*)$", re.MULTILINE)
EPOCH = date(1970, 1, 1)
NOW = (date(2026, 11, 10) - EPOCH).days * 24 * HOUR + 10 * HOUR

UNKNOWN = """
  unknown_number: number optional
  unknown_score: integer in 1..5 optional
  unknown_weekday: integer in 1..7 optional
  unknown_amount: money optional
  unknown_length: duration optional
  unknown_day: date optional
  unknown_clock: clock optional
  unknown_text: text optional
  unknown_flag: flag optional
  never_happened: time or never
  id: text
"""


@dataclass(frozen=True, slots=True)
class Case:
    """`call is value`, as it stands in a module or in a file of cases."""

    module: str
    call: str
    value: str

    def __str__(self) -> str:
        return f"{self.module}: {self.call} is {self.value}"


@dataclass(frozen=True, slots=True)
class Exported:
    """A name that a module gives to those who import it."""

    name: str
    module: str
    documentation: str


@cache
def declarations() -> list[tuple[str, nodes.Declaration]]:
    return [(m.stem, d) for m in MODULES for d in parse(read(m)[0])[0].declarations]


@cache
def exported() -> list[Exported]:
    named = nodes.Function | nodes.Table | nodes.Define | nodes.Parameter
    return [
        Exported(d.name.text, module, documentation(d.span))
        for module, d in declarations()
        if isinstance(d, named)
    ]


def examples() -> list[Case]:
    return [Case(e.module, *pair) for e in exported() for pair in EXAMPLE.findall(e.documentation)]


def cases() -> list[Case]:
    found = []
    for path in sorted(CASES.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                call, _, value = line.rpartition(" is ")
                found.append(Case(path.stem, call, value))
    return found


ALL = [*examples(), *cases()]


def policy(modules: list[str], body: str, fields: str = "") -> Program:
    """A policy that imports modules, with some fields more, and a body."""
    path = Path("/library/policy.nba")
    imports = "\n".join(f"import std.{module}" for module in modules)
    profile = f"profile person key id {{{UNKNOWN}{fields}}}"
    source = Source(str(path), f"policy p {{ }}\n{imports}\n{profile}\narbitrate {{ score 1 }}\n{body}\n")
    checked, program = compile(path, lambda p: (source, None) if p == path else read(p))
    assert program is not None, [f"{d.span.text}: {d.message}" for d in checked.diagnostics]
    return program


@cache
def all_cases() -> tuple[Program, Evaluator]:
    lines = (f"action case_{i} {{ eligible when ({c.call}) is {c.value} }}" for i, c in enumerate(ALL))
    program = policy([m.stem for m in MODULES], "\n".join(lines))
    row: dict[str, Value] = {field.name: None for field in program.inputs}
    return program, Evaluator(row, givens(program, NOW), {}, zone("UTC"))


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.stem)
def test_a_module_checks_without_findings(module: Path):
    path = Path("/library/policy.nba")
    source = Source(
        str(path), f"policy p {{ }}\nimport std.{module.stem}\nprofile person key id {{ id: text }}\n"
    )
    assert check(path, lambda p: (source, None) if p == path else read(p)).diagnostics == ()


def test_modules_read_no_profile_and_decide_nothing():
    allowed = nodes.Import | nodes.Function | nodes.Table | nodes.Define | nodes.Parameter
    assert [f"{module}: {d.span.text}" for module, d in declarations() if not isinstance(d, allowed)] == []


@pytest.mark.parametrize("name", exported(), ids=lambda e: f"{e.module}.{e.name}")
def test_a_name_is_documented_with_an_example_of_its_own(name: Exported):
    prose = EXAMPLE.sub("", name.documentation).strip()
    assert len(prose) > 10 and prose.endswith("."), "no sentence says what it is"
    calls = [call for call, _ in EXAMPLE.findall(name.documentation)]
    assert calls and all(f"{name.name}(" in call for call in calls)


def test_every_line_that_says_example_is_run():
    for module in MODULES:
        text = module.read_text(encoding="utf-8")
        assert text.count("Example:") == sum(e.module == module.stem for e in examples())


@pytest.mark.parametrize("index", range(len(ALL)), ids=lambda i: str(ALL[i]))
def test_a_call_has_the_value_it_is_said_to_have(index: int):
    program, evaluator = all_cases()
    [rule] = program.candidates[index].rules
    if isinstance(rule.when, Compare):
        found, said = evaluator.value(rule.when.left), evaluator.value(rule.when.right)
        assert isinstance(found, float) and isinstance(said, float), f"{found}, not {said}"
        assert isclose(found, said, rel_tol=1e-8, abs_tol=1e-8), f"{found}, not {said}"
    else:
        assert evaluator.value(rule.when) is True


@pytest.mark.parametrize("name", exported(), ids=lambda e: f"{e.module}.{e.name}")
def test_a_name_is_tried_with_two_sets_of_arguments(name: Exported):
    own = {case.call for case in ALL if re.search(rf"\b{name.name}\(", case.call)}
    assert len(own) >= 2


def test_names_have_one_meaning_and_are_no_built_ins():
    counted = Counter(e.name for e in exported())
    assert [name for name, count in counted.items() if count > 1] == []
    assert set(counted) & set(COUNTS) == set()
    assert [name for name in counted if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_what_gives_a_flag_says_so_in_its_name():
    typed = [d for _, d in declarations() if isinstance(d, nodes.Function | nodes.Table)]
    flags = [d.name.text for d in typed if d.result.type.name == "flag"]
    assert [n for n in flags if not n.startswith("is_") and not n.endswith(("_allowed", "_advised"))] == []


def test_the_readme_lists_every_name_with_its_first_sentence_and_nothing_else():
    text = (folder("stdlib") / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `.*$", text, re.MULTILINE)
    names = sorted(exported(), key=lambda e: e.name)
    assert listed == [f"| `{e.name}` | {e.module} | {first_sentence(e)} |" for e in names]
    assert re.findall(r"^\| \[`std\.(\w+)`\]\((\w+)\.nba\) \|", text, re.MULTILINE) == [
        (m.stem, m.stem) for m in MODULES
    ]


def first_sentence(name: Exported) -> str:
    prose = " ".join(name.documentation.split())
    return re.split(r"(?<=\.) ", prose)[0].removesuffix(".")


# --- whole centuries, against other ways to compute them ---------------------------------------------


def on_days(call: str, field: str = "x: date") -> tuple[Evaluator, Value]:
    """An evaluator and the expression of a call of `x`, to be given one value after the other."""
    program = policy(["calendars"], f"action a {{ eligible when ({call}) is known }}", field)
    [rule] = program.candidates[0].rules
    row: dict[str, Value] = {f.name: None for f in program.inputs}
    return Evaluator(row, givens(program, NOW), {}, zone("UTC")), rule.when.operand  # type: ignore[union-attr]


def values(call: str, arguments: list[float], field: str = "x: date") -> list[Value]:
    evaluator, expr = on_days(call, field)
    found = []
    for argument in arguments:
        evaluator.forget()
        evaluator.row = {**evaluator.row, "x": argument}
        found.append(evaluator.value(expr))
    return found


def number(day: date) -> float:
    return float((day - EPOCH).days)


def meeus_easter(year: int) -> date:
    """The algorithm of Meeus, Jones and Butcher, in one go."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    week = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * week) // 451
    month, day = divmod(h + week - 7 * m + 114, 31)
    return date(year, month, day + 1)


def test_easter_is_where_meeus_has_it():
    years = [*range(1583, 2300), *range(3100, 3400)]  # both exceptions, and each of their conditions
    found = values("easter_sunday(x)", [float(y) for y in years], "x: integer")
    assert found == [number(meeus_easter(y)) for y in years]


def julian_easter(year: int) -> date:
    """Meeus's rule for the Julian calendar, thirteen days later in ours."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=13)


def test_orthodox_easter_is_where_meeus_has_it():
    years = list(range(1900, 2100))
    found = values("orthodox_easter_sunday(x)", [float(y) for y in years], "x: integer")
    assert found == [number(julian_easter(y)) for y in years]


def test_weeks_and_days_of_the_year_agree_with_iso_8601():
    days = [date(1999, 12, 20) + timedelta(days=17 * n) for n in range(1500)]
    numbers = [number(d) for d in days]
    assert values("iso_week(x)", numbers) == [float(d.isocalendar().week) for d in days]
    assert values("iso_week_year(x)", numbers) == [float(d.isocalendar().year) for d in days]
    assert values("day_of_year(x)", numbers) == [float(d.timetuple().tm_yday) for d in days]


def test_a_date_is_made_of_its_parts():
    days = [date(1890, 1, 1) + timedelta(days=97 * n) for n in range(1000)]
    found = values("date_of(year(x), month(x), day(x))", [number(d) for d in days])
    assert found == [number(d) for d in days]


# The days that the governments themselves list.
LISTED = {
    ("is_english_bank_holiday(x)", 2026): "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    ("is_english_bank_holiday(x)", 2027): "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    ("is_english_bank_holiday(x)", 2028): "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    ("is_us_federal_holiday(x)", 2025): "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    ("is_us_federal_holiday(x)", 2026): (
        "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"
    ),
    ("is_german_holiday(x)", 2026): "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26",
    ("is_french_holiday(x)", 2026): "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25",
}


@pytest.mark.parametrize(("call", "year"), LISTED)
def test_the_holidays_of_a_year_are_those_that_were_published(call: str, year: int):
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    days = [d for d in days if d.year == year]
    found = values(call, [number(d) for d in days])
    assert " ".join(f"{d:%m-%d}" for d, holds in zip(days, found, strict=True) if holds) == LISTED[call, year]
