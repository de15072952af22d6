"""`nba diff`: what differs, by examples; that what means the same is no difference; that its verdicts hold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from diff_cases import difference, model_of, pairs
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from nbadsl.difference import differences
from nbadsl.difference.renames import renamed_fields, with_names
from nbadsl.format import formatted
from nbadsl.interpreter.expressions import Evaluator
from nbadsl.pipeline import check
from nbadsl.program.from_model import from_model
from nbadsl.program.nodes import Program, Value
from nbadsl.semantics.model import Model
from nbadsl.source import Source, overlaid
from nbadsl.syntax.comments import comments
from nbadsl.syntax.declarations import pieces
from nbadsl.zone import zone

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("old", "new", "expected"), [pytest.param(*p[1:], id=p[0]) for p in pairs()])
def test_what_differs_is_as_written_below(old: str, new: str, expected: list[str]) -> None:
    assert difference(old, new) == expected


# --- the same is no difference ---


def policies() -> list[Path]:
    """Whole policies of the repository that have no errors."""
    found = [*(ROOT / "examples").rglob("*.nba"), *(ROOT / "nbadsl").rglob("*.nba")]
    return [
        p for p in sorted(found) if "data" not in p.parts and re.search(r"^policy\b", p.read_text(), re.M)
    ]


POLICIES = [pytest.param(p, id=str(p.relative_to(ROOT))) for p in policies()]


def model_at(path: Path, texts: dict[str, str] | None = None) -> Model | None:
    """The model of a policy with some texts in front of the disk; None when it has errors."""
    checked = check(path, overlaid(texts or {}))
    return checked.model if checked.ok else None


@pytest.mark.parametrize("path", POLICIES)
def test_a_policy_does_not_differ_from_itself(path: Path) -> None:
    assert differences(model_at(path), model_at(path)) == ()


def scrambled(text: str, random: Random) -> str:
    """A text with its comments cut, laid out at another width, with other white space, and its declarations in
    another order where that means nothing."""
    source = Source("p.nba", text)
    for span in reversed(comments(source)):
        text = text[: span.start] + text[span.end :]
    found, _ = pieces(text)
    free = [
        text[p.start : p.end]
        for p in found
        if p.keyword in ("define", "parameter", "guarantee", "test", "function", "table")
    ]
    rest = [text[p.start : p.end] for p in found if text[p.start : p.end] not in free]
    for part in random.sample(free, len(free)):
        rest.insert(random.randint(0, len(rest)), part)
    text = "\n\n".join(rest)
    return formatted(Source("p.nba", text), random.choice((40, 70, 110, 200))).text.replace(
        "  ", random.choice((" ", "   ", "\t"))
    )


@pytest.mark.parametrize("path", POLICIES)
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=3, deadline=None, phases=[Phase.generate])
def test_layout_comments_and_the_order_of_declarations_are_no_difference(path: Path, random: Random) -> None:
    texts = {
        str(f.source.path): f.source.text
        for f in model_at(path).files
        if f.source.path.startswith(str(path.parent))
    }
    again = model_at(path, {name: scrambled(text, random) for name, text in texts.items()})
    assert again is not None
    assert differences(model_at(path), again) == ()


@pytest.mark.parametrize("path", POLICIES)
def test_a_field_that_is_called_otherwise_is_one_difference(path: Path) -> None:
    new = model_at(path)
    for symbol in new.of_kind("field"):
        former = f"{symbol.name}_before"
        old = with_names(new, {symbol.name: former})
        column = symbol.input.column or symbol.name
        was = old.symbols[former]
        old.symbols[former] = replace(was, input=replace(was.input, column=column))
        found = differences(old, new)
        if renamed_fields(old, new):
            assert [(c.subject, c.text) for c in found] == [(f"field {symbol.name}", f"was called {former}")]
        else:  # it is the name of something else as well
            assert any(c.kind == "removed" for c in found)


# --- what means something else is a difference ---

_NUMBER = re.compile(r"(?<![\w.\"-])\d+(?=%| TWD| EUR| days| per|\n| *\}| because)")


def numbers(path: Path) -> list[re.Match[str]]:
    """Numbers of a policy that mean something: none of its comments, and nothing that is asked of a constant."""
    text = path.read_text(encoding="utf-8")
    inside = {i for span in comments(Source("p.nba", text)) for i in range(span.start, span.end)}
    return [
        m
        for m in _NUMBER.finditer(text)
        if m.start() not in inside and "stock(" not in text[m.start() - 15 : m.start()]
    ]


@pytest.mark.parametrize("path", [p for p in POLICIES if numbers(p.values[0])])
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_another_number_is_a_difference_on_its_line(path: Path, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(numbers(path)))
    text = one.string
    other = model_at(path, {str(path): f"{text[: one.start()]}{int(one[0]) + 1}{text[one.end() :]}"})
    assume(other is not None)
    line = text.count("\n", 0, one.start()) + 1
    found = differences(model_at(path), other)
    assert found, f"{path.name}:{line}: {text.splitlines()[line - 1]}"
    assert any(c.old and c.old.line <= line for c in found)


# --- tightened and loosened hold ---

NUMBERS = {"age": (0, 18, 30, 60, 90, 120), "churn_risk": (0, 0.25, 0.5, 0.75, 1), "income": (0, 800, 2000)}
PLANS, INTERESTS = ("basic", "plus", "unlimited"), ("sport", "film", "travel")


@st.composite
def atoms(draw: st.DrawFn) -> str:
    """A condition about one field."""
    kind = draw(st.sampled_from(("number", "number", "between", "plan", "has", "flag", "known")))
    match kind:
        case "number":
            name = draw(st.sampled_from(sorted(NUMBERS)))
            unit = " EUR" if name == "income" else ""
            op = draw(st.sampled_from(("<", "<=", ">", ">=", "is")))
            return f"{name} {op} {draw(st.sampled_from(NUMBERS[name]))}{unit}"
        case "between":
            low, high = sorted(draw(st.lists(st.sampled_from(NUMBERS["age"]), min_size=2, max_size=2)))
            return f"age is between {low} and {high}"
        case "plan":
            return (
                f"plan is one of {', '.join(draw(st.lists(st.sampled_from(PLANS), min_size=1, unique=True)))}"
            )
        case "has":
            mode = draw(st.sampled_from(("any", "all", "none")))
            words = draw(st.lists(st.sampled_from(INTERESTS), min_size=1, unique=True))
            return f"interests has {mode} of {', '.join(words)}"
        case "flag":
            return "consent_email"
        case _:
            return "income is known"


conditions = st.recursive(
    atoms(),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)


@st.composite
def related(draw: st.DrawFn) -> tuple[str, str]:
    """Two conditions that have something to do with each other."""
    one, other = draw(conditions), draw(conditions)
    shapes = ("{}", "{} and {}", "{} or {}", "({1}) and ({0})", "not ({}) or {}", "{0} and ({1} or {0})")
    return (
        draw(st.sampled_from(shapes)).format(one, other),
        draw(st.sampled_from(shapes)).format(one, other),
    )


people = st.fixed_dictionaries(
    {
        "age": st.sampled_from((0, 17, 18, 30, 31, 60, 89, 120)).map(float),
        "churn_risk": st.sampled_from((0.0, 0.2, 0.25, 0.5, 0.6, 0.75, 1.0)),
        "income": st.sampled_from((None, 0.0, 799.0, 800.0, 2000.0, 9000.0)),
        "plan": st.sampled_from(PLANS),
        "interests": st.frozensets(st.sampled_from(INTERESTS)),
        "consent_email": st.booleans(),
    }
)


def program_of(rule: str) -> Program:
    return from_model(model_of(f"action a {{ {rule} }}\n"))


def passes(program: Program, person: dict[str, Value]) -> bool:
    """Whether the interpreter lets a person pass the only rule."""
    (rule,) = program.candidates[0].rules
    answer = Evaluator(person, {}, {}, zone("UTC")).value(rule.when)
    return rule.unknown_passes if answer is None else answer is rule.lets_pass


def test_what_was_unknown_only_in_the_old_condition_is_a_difference() -> None:
    """People whose income is not known passed, although nobody's answer was yes."""
    old = "eligible when age < 0 or (income < 0 EUR and not (income is known)), unknown passes"
    found = differences(model_of(f"action a {{ {old} }}\n"), model_of("action a { eligible when age < 0 }\n"))
    assert [c.effect for c in found] == ["tightened"]


@given(both=related(), stages=st.sampled_from((("eligible", "passes"), ("exclude", "keeps"))), data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_tightened_lets_nobody_pass_who_did_not(
    both: tuple[str, str], stages: tuple[str, str], data: st.DataObject
) -> None:
    stage, word = stages
    rules = []
    for condition in both:
        unknown = data.draw(st.sampled_from((word, "excludes" if stage == "exclude" else "")))
        clause = (
            f", unknown {unknown}" if unknown and "income" in condition.replace("income is known", "") else ""
        )
        if stage == "exclude" and not clause and "income" in condition.replace("income is known", ""):
            clause = f", unknown {word}"
        rules.append(f'{stage} when {condition}{clause} because "it"')
    old, new = rules
    found = differences(model_of(f"action a {{ {old} }}\n"), model_of(f"action a {{ {new} }}\n"))
    before, after = program_of(old), program_of(new)
    assert all(c.part == "rule" for c in found)
    for person in data.draw(st.lists(people, min_size=30, max_size=30)):
        was, now = passes(before, person), passes(after, person)
        if not found:
            assert was == now
        if found and all(c.effect == "tightened" for c in found):
            assert was or not now
        if found and all(c.effect == "loosened" for c in found):
            assert now or not was
