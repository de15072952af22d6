"""The language reference is true: its policies check, its tests hold, its values and tables are what the language gives.

Blocks of `grammar/README.md`:

- ```nba: a policy, or parts of one, completed from the preamble of `expectations`. It has exactly the findings that
  its comments name, and if it has none its tests hold. What does not begin with a declaration is the inside of an action.
- ```values: lines `EXPRESSION  →  EXPRESSION`, worked out for the customer of the page by the interpreter. On the
  right may stand `unknown`, or `error KIND` for what the checker refuses.
- ```places: lines `"SEED" + "VALUE"  →  PLACE` of the hash of experiments.
- ```toml: settings of a project.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from math import isclose

import meaning
import pytest
from documents import DECLARATION, Block, blocks
from expectations import FOLDER, MAIN, PREAMBLE, check_program, complaints, completed, expected_in, files_of
from grammar_words import GRAMMAR, keywords, with_keyword_as_name

from nbadsl.cli import config
from nbadsl.cli.lint import known_kinds
from nbadsl.data.schema import expected_column
from nbadsl.diagnostics import KINDS
from nbadsl.inputs import FACTS, Input
from nbadsl.interpreter import Evaluator
from nbadsl.program import chance, decision
from nbadsl.program.decision import Fate
from nbadsl.program.nodes import Compare, Expr, IsKnown, Not, Value
from nbadsl.resources import folder
from nbadsl.semantics import operators
from nbadsl.semantics.builtins import SIGNATURES
from nbadsl.semantics.declare import NO_NAMES
from nbadsl.semantics.fields import NAMED_TYPES
from nbadsl.semantics.infer import DEEPEST
from nbadsl.semantics.scopes import ALLOWED
from nbadsl.source import Source, read
from nbadsl.syntax.declarations import KEYWORDS, RESERVED
from nbadsl.testing.trials import Subject, Trial
from nbadsl.types import (
    CLOCK,
    DATE,
    DURATION,
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    Money,
    Set,
    Type,
    Words,
    is_numeric,
)
from nbadsl.zone import zone

PAGE = (folder("grammar") / "README.md").read_text(encoding="utf-8")
PERSON = "the customer of this page"

TYPES: dict[str, Type] = {
    "flag": FLAG,
    "integer": INTEGER,
    "number": NUMBER,
    "money": Money("EUR"),
    "duration": DURATION,
    "date": DATE,
    "time": TIME,
    "clock": CLOCK,
    "text": TEXT,
    "one of": Words(("a", "b")),
    "any of": Set(("a", "b")),
}


def of_language(language: str) -> list[object]:
    found = [b for b in blocks(PAGE) if b.language == language]
    return [pytest.param(block, id=f"line {block.line}") for block in found]


def in_memory(text: str) -> Subject:
    """A policy of the page, completed."""
    main = FOLDER / MAIN
    source = Source(str(main), completed(files_of(text))[MAIN])
    return meaning.load(main, lambda path: (source, None) if path == main else read(path))


# --- blocks ---------------------------------------------------------------------------------------


def whole(block: Block) -> str:
    return block.text if DECLARATION.search(block.text) else f"action fragment {{\n{block.text}}}\n"


@pytest.mark.parametrize("block", of_language("nba"))
def test_a_policy_on_the_page_has_exactly_the_findings_that_it_names_and_keeps_its_tests(block: Block):
    text = whole(block)
    assert complaints(text) == []
    if not any(e.severity == "error" for e in expected_in(text)):
        for trial in meaning.trials(in_memory(text)):
            assert meaning.unmet(trial, trial.decided()) == []


def test_the_page_begins_with_a_policy_that_has_the_profile_of_all_its_examples():
    first = next(blocks(PAGE))
    assert "\npolicy " in first.text and PREAMBLE["profile"].strip() in first.text


@cache
def person() -> Trial:
    [block] = [b for b in blocks(PAGE) if PERSON in b.text]
    [trial] = meaning.trials(in_memory(block.text))
    return trial


@pytest.mark.parametrize("block", of_language("values"))
def test_an_expression_on_the_page_has_the_value_beside_it(block: Block):
    lines = [tuple(part.strip() for part in line.split("→")) for line in block.text.splitlines()]
    refused = [(left, right.removeprefix("error ")) for left, right in lines if right.startswith("error ")]
    assert {left: kinds(left) for left, _ in refused} == {left: [kind] for left, kind in refused}
    worth = [(left, right) for left, right in lines if not right.startswith("error ")]
    rules = [
        f"eligible when ({left}) is {right if right == 'unknown' else f'({right})'}" for left, right in worth
    ]
    text = "".join(f"action a{number} {{ {rule} }}\n" for number, rule in enumerate(rules))
    assert complaints(text) == []
    program = in_memory(text).program
    evaluator = Evaluator(person().row, person().given, {}, zone(program.timezone))
    conditions = [candidate.rules[0].when for candidate in program.candidates]
    wrong = {rule: sides(evaluator, when) for rule, when in zip(rules, conditions, strict=True)}
    assert {rule: found for rule, found in wrong.items() if not agree(*found)} == {}


def kinds(expression: str) -> list[str]:
    return [d.kind.name for d in check_program(f"define it = {expression}\n")]


def sides(evaluator: Evaluator, when: Expr) -> tuple[Value, Value]:
    """What stands left and right, as far as they can be taken apart; else the condition itself and yes."""
    match when:
        case Compare() if is_numeric(when.left.type):
            return evaluator.value(when.left), evaluator.value(when.right)
        case Not(operand=IsKnown() as known):
            return evaluator.value(known.operand), None
        case _:
            return evaluator.value(when), True


def agree(found: Value, said: Value) -> bool:
    if isinstance(found, float) and isinstance(said, float):
        return isclose(found, said, rel_tol=1e-12)  # 20% + 0.1 may be shown as 0.3
    return found is said


@pytest.mark.parametrize("block", of_language("places"))
def test_a_place_on_the_page_is_that_of_the_hash(block: Block):
    found = re.findall(r'^"(.*)" \+ "(.*)" +→ +([\d.]+)$', block.text, re.MULTILINE)
    assert len(found) == len(block.text.splitlines()) > 0
    assert [chance.place(seed, value) for seed, value, _ in found] == [float(place) for *_, place in found]


@pytest.mark.parametrize("block", of_language("toml"))
def test_settings_on_the_page_are_settings(block: Block):
    settings = (
        config.settings_model().model_validate(tomllib.loads(block.text)).model_dump(exclude_unset=True)
    )
    assert known_kinds(settings["lint"]["ignore"])


def test_the_page_names_every_kind_of_hint():
    section = PAGE.partition("\n## Hints\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    named = re.findall(r"`([\w-]+)`", "\n".join(rows))
    assert sorted(named) == sorted(kind.name for kind in KINDS.values() if kind.severity == "hint")


def test_every_block_of_the_page_is_run():
    assert {b.language for b in blocks(PAGE)} == {"nba", "values", "places", "toml"}
    assert len(of_language("nba")) > 30 and len(of_language("values")) > 15


def test_the_contents_of_the_page_are_its_sections_in_order():
    listed = re.findall(r"\]\(#([\w-]+)\)", PAGE.partition("\n## ")[0])
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert listed == [re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in sections]


def test_a_link_of_the_page_leads_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (folder("grammar") / target).exists(), target


# --- tables ---------------------------------------------------------------------------------------


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str, number: int = 0) -> list[list[str]]:
    """The cells of a section's table (its first, unless another is asked for), without the head."""
    found: list[list[list[str]]] = []
    above = ""
    for line in re.sub(r"```.*?```", "", section(title), flags=re.DOTALL).splitlines():
        if line.startswith("|"):
            if not above.startswith("|"):
                found.append([])
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        above = line
    return found[number][2:]


def bare(cell: str) -> list[str]:
    """The names in a cell, without their marks: "`a`, `b`" is a and b."""
    return re.findall(r"`([^`]+)`", cell)


def test_the_table_of_types_has_all_types_and_what_data_they_take():
    named = [name for cells in rows("Types") for name in bare(cells[0])]
    types = [n for n in named if not n.startswith(("money", "one of", "any of"))]
    assert types == list_in_order(types, NAMED_TYPES)
    assert set(named) - set(types) == {"money", "money in USD", "one of a, b", "any of a, b"}
    for names, _, columns in rows("Types"):
        for name in bare(names):
            shape = re.match(r"one of|any of|\w+", name)
            assert shape is not None
            type = TYPES["number" if shape[0] == "probability" else shape[0]]
            assert f"({columns})" in expected_column(Input("x", type))


def list_in_order(found: list[str], all: dict[str, Type]) -> list[str]:
    assert sorted(found) == sorted(all)
    return found


def test_the_table_of_modifiers_has_each_that_the_grammar_has():
    listed = [bare(name)[0] for name, _ in rows("Types", 1)]
    aliases = re.findall(r"-> (\w+)", GRAMMAR.partition("\nmodifier:")[2].partition("\n?default_value")[0])
    of = {"in 0..120": "in_range", "in days": "in_unit", "in USD": "in_currency", "= 3": "default"}
    assert sorted(of.get(m, "_".join(m.split()[:2])) for m in listed) == sorted(aliases)


def arithmetic() -> Iterator[tuple[str, Type, Type, Type]]:
    """The rows of the table of arithmetic, spelt out: operator, types left and right, result."""
    for left, signs, right, result in rows("Arithmetic"):
        if right == "months, years":
            continue  # no types: `test_months_and_years_step_from_dates_alone`
        for sign in bare(signs)[0].split():
            for a in (INTEGER, NUMBER) if left == "number" else (TYPES[left],):
                for b in (INTEGER, NUMBER) if right == "number" else (TYPES[right],):
                    yield sign, a, b, TYPES[result]


def test_the_table_of_arithmetic_is_that_of_the_checker():
    listed: dict[tuple[str, Type, Type], Type] = {}
    for sign, left, right, result in arithmetic():
        listed.setdefault((sign, left, right), result)
    for sign in operators.SYMBOLS:
        for left in TYPES.values():
            for right in TYPES.values():
                found = operators.result(sign, left, right)
                assert found == listed.get((sign, left, right)), f"{left} {sign} {right}"


@pytest.mark.parametrize("name", TYPES)
def test_months_and_years_step_from_dates_alone(name: str):
    signs = [bare(cells[1])[0] for cells in rows("Arithmetic") if cells[2] == "months, years"]
    assert signs == ["+ -"]
    written = {"one of": "one of a, b", "any of": "any of a, b"}.get(name, name)
    for step in ("+ 1 month", "- 2 years"):
        found = [d.kind.name for d in check_program(f"function f(x: {written}): date = x {step}\n")]
        assert found == ([] if name == "date" else ["mismatched-types"])


def test_amounts_in_two_currencies_do_not_mix():
    for sign in (*operators.SYMBOLS, *operators.COMPARISONS, "is", "is not"):
        assert operators.result(sign, Money("EUR"), Money("USD")) is None


def test_the_table_of_comparisons_is_that_of_the_checker():
    listed = {name: cells[1:] for cells in rows("Comparisons") for name in cells[0].split(", ")}
    assert set(listed) == set(TYPES)
    for name, type in TYPES.items():
        signs = (operators.COMPARISONS, ("is", "is not"))
        for said, asked in zip(listed[name], signs, strict=True):
            found = {operators.result(sign, type, type) is not None for sign in asked}
            assert found == {said == "yes"}, f"{name} {list(asked)}"


def test_the_table_of_functions_is_that_of_the_checker():
    listed = {bare(call)[0]: gives for call, gives in rows("Functions of the language")}
    assert listed == dict(text.split(": ", 1) for text in SIGNATURES.values())
    assert [call.partition("(")[0] for call in listed] == list(SIGNATURES)


def test_the_table_of_blocks_is_that_of_the_checker():
    head = [
        cell.strip() for cell in section("Channels, groups, actions").partition("| item |")[2].split("|")[:5]
    ]
    assert head == list(ALLOWED)
    listed: dict[str, set[str]] = {block: set() for block in head}
    for items, *allowed in rows("Channels, groups, actions"):
        for block, said in zip(head, allowed, strict=True):
            assert said in ("yes", "no")
            listed[block] |= set(bare(items)) if said == "yes" else set()
    assert listed == ALLOWED


def test_the_fates_are_those_of_decisions_in_their_order():
    assert [name for name, _ in rows("Fates")] == [str(fate) for fate in Fate]


def test_the_reasons_are_those_of_decisions():
    listed = [bare(name)[0] for name, _ in rows("Fates", 1)]
    named = [decision.CHOSEN, decision.EXPLORED, decision.FALLBACK, decision.NOBODY_PASSED]
    assert listed == [
        *named,
        decision.BELOW_THRESHOLD,
        f"{decision.HOLDOUT}: NAME",
        f"{decision.BAD_DATA}: COLUMN",
    ]


def test_the_settings_of_a_policy_are_those_of_the_grammar():
    listed = [text.split()[0] for cells in rows("The policy block") for text in bare(cells[0])]
    rule = GRAMMAR.partition("\nsetting:")[2].partition("\nimport:")[0]
    assert sorted(listed) == sorted(re.findall(r"-> (\w+)", rule))


def test_the_depth_of_expressions_is_that_of_the_checker():
    assert f"At most {DEEPEST:,} expressions" in PAGE


# --- words ----------------------------------------------------------------------------------------


def test_the_words_that_begin_declarations_and_those_kept_are_those_of_the_parser():
    listed = [
        re.findall(r"`(\w+)`", part.partition("\n\n")[2].partition("\n\n")[0])
        for part in re.split(r"(?=Declarations begin with:|Kept for what comes next)", section("Keywords"))
    ]
    assert listed[1:] == [list(KEYWORDS), list(RESERVED)]


def test_names_with_a_meaning_everywhere_cannot_be_declared():
    sentence = section("Keywords").partition("because they have a")[2].partition(". ")[0]
    assert re.findall(r"`(\w+)`", sentence) == list(FACTS)
    assert "Nor can `yes`, `no`, `if` and `not`" in " ".join(section("Keywords").split())
    for name in (*FACTS, *NO_NAMES):
        assert [d.kind.name for d in check_program(f"define {name} = 1\n")] == ["repeated-name"]


def test_the_list_of_keywords_has_every_word_of_the_grammar():
    listed = re.findall(r"`(\w+)`", section("Keywords").partition("All words of the grammar:")[2])
    assert listed == sorted(keywords())


@pytest.mark.parametrize("word", sorted(keywords() - {*FACTS, "if", "not", "yes", "no"}))
def test_a_keyword_can_be_the_name_of_a_field_an_action_and_a_word(word: str):
    assert complaints(with_keyword_as_name(word)) == []


# --- sentences -------------------------------------------------------------------------------------


def test_the_example_of_candidates_has_as_many_as_the_page_says():
    block = next(b for b in blocks(section("Candidates")) if b.language == "nba")
    names = [c.name for c in in_memory(block.text).program.candidates]
    assert "Here are nine" in section("Candidates") and len(names) == 9
    assert names[:2] == ['winback via email "plain" now', 'winback via email "plain" at evening']
    assert names[-1] == 'winback via letter "card" now'
