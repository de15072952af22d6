"""Whatever the text, checking it gives findings and never an exception.

The texts: every prefix of every policy (what an editor sends while somebody types), policies with random
damage, random sentences of the grammar, any text at all, and expressions too deep for a stack. A policy
that survives its damage without an error must also become a program.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from expectations import FOLDER, MAIN, completed, files_of, programs
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.grammar import Symbol
from lark.lexer import PatternStr

from nbadsl.diagnostics.render import render
from nbadsl.pipeline import compile
from nbadsl.resources import folder
from nbadsl.source import Source, decode, read
from nbadsl.syntax.nodes import Broken
from nbadsl.syntax.parser import parse

ROOT = Path(__file__).parent.parent
POLICIES = sorted([*(ROOT / "stdlib").rglob("*.nba"), *(ROOT / "examples").rglob("*.nba")])
CASES = sorted((Path(__file__).parent / "cases").rglob("*.nba"))
MOST_PREFIXES = 400  # in the default run, over all policies together

_TOKEN = re.compile(r'"[^"\n]*"|\w+|\s+|[^\w\s]')


def survives(data: bytes | str, beside: Path = FOLDER) -> None:
    """Check a policy, and compile and report what comes out. `beside`: the folder that imports look in."""
    text = data.encode("utf-8", "replace") if isinstance(data, str) else data

    def reader(path: Path) -> tuple[Source, int | None]:
        if path.name != MAIN:
            return read(path)
        decoded, bad = decode(text)
        return Source(str(path), decoded), bad

    checked, program = compile(beside / MAIN, reader)
    assert (program is None) == any(d.kind.severity == "error" for d in checked.diagnostics)
    for d in checked.diagnostics:
        for span in (d.span, *(s for s, _ in d.related), *(e.span for f in d.fixes for e in f.edits)):
            assert 0 <= span.start <= span.end <= len(span.source.text), d
        assert d.message and "\n" not in d.message, d
    for format in ("text", "sarif"):
        render(checked.diagnostics, format)


# --- prefixes ---


@pytest.mark.parametrize("path", [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in POLICIES])
def test_every_prefix_of_a_policy_can_be_checked(path, request):
    text = path.read_text(encoding="utf-8")
    step = 1
    if not request.config.getoption("--all-prefixes"):
        step = max(1, len(text) * len(POLICIES) // MOST_PREFIXES)
    # The offset differs from file to file, so that not only the same places are tried.
    for end in range(len(text), -1, -step):
        survives(text[:end], path.parent)


# --- damage ---


def small_policies() -> list[str]:
    found = []
    for path in CASES:
        for _, program in programs(path.read_text(encoding="utf-8")):
            files = completed(files_of(program))
            if len(files) == 1:
                found.append(files[MAIN].lstrip("\n"))
    return found


def flip_bytes(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def insert_bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randint(1, 20)) + data[at:]


def change_tokens(data: bytes, chance: random.Random) -> bytes:
    """Delete, repeat or swap a few tokens."""
    tokens = _TOKEN.findall(data.decode("utf-8", "replace"))
    for _ in range(chance.randint(1, 3)):
        at, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        match chance.randrange(4):
            case 0 if len(tokens) > 1:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[at])
            case 2:
                tokens[at] = tokens[other]
            case _:
                tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens).encode()


def shuffle_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    some = lines[start : start + chance.randint(2, 8)]
    chance.shuffle(some)
    return b"".join([*lines[:start], *some, *lines[start + len(some) :]])


DAMAGE = (flip_bytes, insert_bytes, change_tokens, change_tokens, change_tokens, shuffle_lines)


def test_a_damaged_policy_can_be_checked(request):
    chance = random.Random(20261110)
    small, whole = small_policies(), [(p.read_text(encoding="utf-8"), p.parent) for p in POLICIES]
    for number in range(request.config.getoption("--mutations")):
        # Large policies take longer and say little more than small ones.
        text, beside = chance.choice(whole) if number % 20 == 0 else (chance.choice(small), FOLDER)
        data = text.encode()
        for _ in range(chance.randint(1, 3)):
            data = chance.choice(DAMAGE)(data, chance) or b" "
        try:
            survives(data, beside)
        except Exception as error:
            error.add_note(f"mutation {number}: {data!r}")
            raise


# --- sentences and texts ---

WORDS = {
    "NAME": "age plan income monthly_fee churn_risk interests last_complaint birthday city basic sport customer a b g "
    "email customer_id diagnosis now today channel content slot offer sum monday care group text integer x max",
    "NUMBER": "0 1 2 3 18 2.5 1_000",
    "PERCENT": "0% 5% 50% 100% 120%",
    "STRING": '"a" "b" "" "Europe/Berlin"',
    "CURRENCY": "EUR USD",
    "UNIT": "days hours weeks months years",
    "CALENDAR": "day week month quarter year",
    "OUTCOME": "decided sent accepted ignored",
    "STATE": "known unknown never",
    "DATE": "2026-01-01 2026-02-30",
    "CLOCK": "9:00 21:00 25:00",
    "COMPARISON": "< <= > >=",
}
PHRASES = {
    "DATETIME": "2026-01-01 10:00",
    "OR_ELSE": "or else",
    "UNKNOWN_CLAUSE": ", unknown passes",
    "ROW": "\n",
    "FIELD_COMMA": ",",
}
BLOCKS = """
channel email { }
group g { purpose care }
"""


class Sentences:
    """Random sentences of the grammar: rules are chosen at random, and the shortest ones once it gets deep."""

    def __init__(self, chance: random.Random) -> None:
        grammar = (folder("grammar") / "nba.lark").read_text(encoding="utf-8")
        lark = Lark(grammar, start="declaration", parser="lalr")
        self.chance = chance
        self.fixed = {t.name: t.pattern.value for t in lark.terminals if isinstance(t.pattern, PatternStr)}
        self.rules: dict[str, list[list[Symbol]]] = {}
        for rule in lark.rules:
            self.rules.setdefault(rule.origin.name, []).append(list(rule.expansion))
        self.height: dict[str, int] = {}
        while len(self.height) < len(self.rules):
            for name, expansions in self.rules.items():
                known = [h for h in map(self._height, expansions) if h is not None]
                if known and name not in self.height:
                    self.height[name] = min(known)

    def _height(self, expansion: list[Symbol]) -> int | None:
        heights = [0 if s.is_term else self.height.get(s.name) for s in expansion]
        return None if None in heights else 1 + max((h for h in heights if h is not None), default=0)

    def sentence(self, name: str = "declaration", depth: int = 0) -> str:
        expansions = self.rules[name]
        if depth > 12:
            expansions = [min(expansions, key=lambda e: self._height(e) or 0)]
        chosen = self.chance.choice(expansions)
        return " ".join(self._word(s.name) if s.is_term else self.sentence(s.name, depth + 1) for s in chosen)

    def _word(self, terminal: str) -> str:
        if terminal in WORDS:
            return self.chance.choice(WORDS[terminal].split())
        return PHRASES.get(terminal) or self.fixed[terminal]


def test_any_sentence_of_the_grammar_can_be_checked(request):
    chance = random.Random(20261111)
    sentences, read_well = Sentences(chance), 0
    number = request.config.getoption("--mutations")
    for _ in range(number):
        text = "\n".join(sentences.sentence() for _ in range(chance.randint(1, 4)))
        tree, _ = parse(Source(MAIN, text))
        read_well += all(not isinstance(d, Broken) for d in tree.declarations)
        try:
            survives(completed({MAIN: text + BLOCKS})[MAIN])
        except Exception as error:
            error.add_note(text)
            raise
    # A sentence may put a word where it is a keyword, but most are what the grammar means.
    assert read_well > number / 2


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary())
def test_any_text_can_be_checked(text):
    survives(text)
    survives(f"action a {{ {text!s} }}")


# --- depth and size ---

DEEP = {
    "brackets": "define a = " + "(" * 5000 + "age" + ")" * 5000,
    "open brackets": "define a = " + "(" * 5000,
    "nots": "define a = " + "not " * 5000 + "consent_email",
    "signs": "define a = " + "- " * 5000 + "age",
    "ifs": "define a = " + "if consent_email then 1 else " * 3000 + "2",
    "or elses": "define a = " + "income or else " * 3000 + "0 EUR",
    "powers": "define a = " + "2 ^ " * 3000 + "2",
    "calls": "define a = " + "abs(" * 3000 + "age" + ")" * 3000,
    "sum": "define a = " + "age + " * 3000 + "1",
    "product": "define a = " + "2 * " * 3000 + "1",
    "ands": "define a = " + "consent_email and " * 3000 + "yes",
    "ors in a rule": "action a { eligible when " + "age > 3 or " * 3000 + "no }",
    "list": "define a = age is one of " + "1, " * 3000 + "1",
    "open blocks": "action a " + "{ via email " * 3000,
    "contents": "action a { " + 'content "x" { ' * 3000 + "} " * 3001,
    "defines": "define a0 = age\n" + "".join(f"define a{i + 1} = a{i} + 1\n" for i in range(600)),
    "functions": "function f0(x: number): number = x\n"
    + "".join(f"function f{i + 1}(x: number): number = f{i}(x)\n" for i in range(200)),
    "functions that call twice": "function f0(x: number): number = x\n"
    + "".join(f"function f{i + 1}(x: number): number = f{i}(x) + f{i}(x)\n" for i in range(40)),
    "groups": "group g0 { }\n" + "".join(f"group g{i + 1} in g{i} {{ }}\n" for i in range(200)),
    "long line": "# " + "x" * 200_000,
    "long name": "define " + "x" * 100_000 + " = 1",
    "long number": "define a = " + "9" * 10_000 + "." + "9" * 10_000,
    "long time": "define a = 2026-01-01 10:00:00.123456789",
    "many lines": "\n" * 50_000 + "define a = agee",
    "no line end": "define a = age",
    "nothing": "",
    "spaces": " \t\r\n" * 100,
    "a nul": "define a = \0",
    "other line ends": "define a = 1\rdefine b = 2\u2028define c = 3\x0bdefine d = 4",
    "byte order mark": "\ufeffdefine a = 1",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_no_text_is_too_deep_or_too_long(text):
    survives(completed({MAIN: text + "\n"})[MAIN])
    survives(text)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without a mark", "with a mark"])
def test_bad_utf_8_is_where_it_is_and_not_where_a_text_shows_how_bad_utf_8_is_shown(mark):
    assert decode(mark + "# \ufffd é\n# ".encode() + b"\xe9\n") == ("# \ufffd é\n# \ufffd\n", 8)
    assert decode(mark + "# \ufffd".encode()) == ("# \ufffd", None)
