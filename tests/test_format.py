"""`nbadsl.format`: the style, by examples; and that only the layout changes, whatever the text.

A file of `tests/cases/format/` has cases between lines of `---`. What stands above `# before` says what is shown, and
`(width 40)` in it how wide lines may be; below `# after` stands what must come out.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_robustness import DEEP, MOST_PREFIXES, Sentences
from test_robustness import POLICIES as WHOLE

from nbadsl.diagnostics.fixes import edited
from nbadsl.format import WIDTH, Formatted, file, formatted
from nbadsl.format.declarations import lines_of
from nbadsl.source import Source
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import comments
from nbadsl.syntax.parser import parse
from nbadsl.syntax.show import show_tree

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "cases"

# What is in the one layout. Of the cases of tests, `diagnostics` and its like have findings at their lines, and many
# programs in a file, wrong on purpose; `format` has texts before they were laid out; one file shows that layout means
# nothing.
HELD = (ROOT / "examples", ROOT / "stdlib", ROOT / "nbadsl", CASES / "meaning")
LEFT_OUT = CASES / "meaning" / "layout.nba"
FILES = sorted(p for p in ROOT.rglob("*.nba") if not p.relative_to(ROOT).parts[0].startswith("."))
POLICIES = [p for p in FILES if p != LEFT_OUT and any(p.is_relative_to(folder) for folder in HELD)]


def laid_out(text: str, width: int = WIDTH) -> Formatted:
    return formatted(Source("policy.nba", text), width)


def meaning(text: str) -> list[str]:
    """The declarations without their places; those that cannot be read as they stand."""
    source = Source("policy.nba", text)
    read = parse(source)[0].declarations
    return [d.span.text if isinstance(d, nodes.Broken) else show_tree(nodes.File(source, (d,))) for d in read]


def comments_of(text: str) -> list[str]:
    return [span.text.rstrip() for span in comments(Source("policy.nba", text))]


def holds(text: str, width: int = WIDTH) -> Formatted:
    """Lay a text out, and check all that must be true of it."""
    result = laid_out(text, width)
    assert not result.refused
    assert meaning(result.text) == meaning(text)
    assert comments_of(result.text) == comments_of(text)
    assert edited(text, result.edits) == result.text
    assert laid_out(result.text, width).text == result.text
    return result


# --- the style ---


def style_cases() -> list[object]:
    return [
        pytest.param(case, id=f"{path.stem}: {case.partition(chr(10))[0].strip('# ')}")
        for path in sorted((CASES / "format").glob("*.nba"))
        for case in path.read_text(encoding="utf-8").rstrip("\n").split("\n---\n")
    ]


@pytest.mark.parametrize("case", style_cases())
def test_a_policy_gets_the_one_layout(case: str) -> None:
    title, _, texts = case.partition("# before\n")
    before, _, after = texts.partition("# after\n")
    width = re.search(r"\(width (\d+)\)", title)
    assert after and holds(before, int(width[1]) if width else WIDTH).text == f"{after}\n"


@pytest.mark.parametrize("path", [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in POLICIES])
def test_a_policy_of_the_repository_is_in_the_one_layout(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert laid_out(text).text == text, f"`nba fmt {path.relative_to(ROOT)}` lays it out"


def test_all_folders_that_are_held_have_policies() -> None:
    assert LEFT_OUT.exists()
    assert all(any(p.is_relative_to(folder) for p in POLICIES) for folder in HELD)


# --- only the layout changes ---

_PIECE = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"|#[^\n]*|[0-9]{4}-[0-9-]{5} [0-9:.]+|[\w.%]+|\s+|.')
SPACES = (" ", "  ", "\t", "\n ", "\n  ", "\n\n\n  ", " \r\n ", " # one\n ", "\n# two  \n\n #three\n ")


@cache
def written() -> list[str]:
    """The declarations of the repository's policies."""
    files = [parse(Source(str(p), p.read_text(encoding="utf-8")))[0] for p in FILES]
    return sorted({d.span.text for f in files for d in f.declarations if not isinstance(d, nodes.Broken)})


@cache
def sentences() -> Sentences:
    return Sentences(Random())


def damaged(text: str, chance: Random, share: float) -> str:
    """A declaration with other white space, and comments, in many places."""
    pieces = _PIECE.findall(text)
    changed = pieces[:1]
    for before, piece in pairwise(pieces):
        if chance.random() < (share if piece.isspace() else share / 4):
            end = "\n " if before.startswith("#") else ""
            changed.append(end + chance.choice(SPACES))
            if piece.isspace():
                continue
        changed.append(piece)
    return "".join(changed)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A few declarations, that somebody wrote or that the grammar allows."""
    chance = draw(st.randoms(use_true_random=False))
    sentences().chance, text = chance, ""
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from(written())) if draw(st.booleans()) else sentences().sentence()
        text += damaged(part, chance, draw(st.sampled_from((0.0, 0.2, 0.6))))
        text += draw(st.sampled_from(("\n", "\n\n\n", " # four\n", "\n# five\n\n")))
    return text


# Smaller texts would say no more than the one that was found, and to look for them takes minutes.
@settings(max_examples=300, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(texts(), st.sampled_from((20, 40, 80, WIDTH)))
def test_only_the_layout_changes(text: str, width: int) -> None:
    holds(text, width)


def test_most_of_the_damaged_texts_can_be_read() -> None:
    chance = Random(20261122)
    read = [parse(Source("", damaged(text, chance, 0.2)))[0].declarations[0] for text in written()]
    assert sum(not isinstance(d, nodes.Broken) for d in read) > 0.8 * len(read) > 1000


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text('ab \n\t\r#{}()"|,:-1', max_size=40).map("define ".__add__))
def test_any_text_can_be_laid_out(text: str) -> None:
    holds(text)


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_no_text_is_too_deep_or_too_long_to_be_laid_out(text: str) -> None:
    result = laid_out(text)
    assert not result.refused and laid_out(result.text).text == result.text


@pytest.mark.parametrize(
    "text",
    [
        "define a = " + "(" * 300 + "age" + ")" * 300,
        'action a { content "x" ' + '{ content "y" ' * 300 + "}" * 301,
    ],
)
def test_lines_begin_no_further_to_the_right_than_they_are_wide(text: str) -> None:
    lines = holds(text).text.split("\n")
    assert max(len(line) - len(line.lstrip()) for line in lines) == WIDTH


def test_any_prefix_of_a_policy_can_be_laid_out(request: pytest.FixtureRequest) -> None:
    every = request.config.getoption("--all-prefixes")
    for path in WHOLE:
        text = path.read_text(encoding="utf-8")
        step = 1 if every else max(1, len(text) * len(WHOLE) // MOST_PREFIXES)
        for end in range(len(text), -1, -step):
            holds(text[:end])


# --- a mistake of ours ---

MISTAKES = {
    "a word": lambda lines: [line.replace("2", "3") for line in lines],
    "a comment": lambda lines: [line.partition("  #")[0] for line in lines],
    "where a comment stands": lambda lines: [*lines[:-2], lines[-2].partition("  #")[0], "}  # at all"],
    "a moment in two": lambda lines: [line.replace(" 10:00", "  10:00") for line in lines],
    "a text": lambda lines: [line.replace("x  y", "x y") for line in lines],
}
MISTAKEN = """define  a = 1
test  "x  y" {
  now 2026-11-10 10:00
  expect nothing  # at all
}
define  b = 3
"""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_declaration_that_would_say_something_else_stays(
    mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(declaration: nodes.Declaration, end: int, width: int) -> list[str]:
        lines = lines_of(declaration, end, width)
        return MISTAKES[mistake](lines) if isinstance(declaration, nodes.Test) else lines

    monkeypatch.setattr(file, "lines_of", mistaken)
    result = laid_out(MISTAKEN)
    [refused] = result.refused
    assert isinstance(refused, nodes.Test) and refused.span.line == 2
    assert result.text == MISTAKEN.replace("define  ", "define ")


# --- edits, line ends ---


def test_an_edit_has_the_whole_lines_of_a_declaration_and_of_what_is_above_it() -> None:
    text = "# a\ndefine a = 1\n\n\n# b\ndefine b=2 # two\ndefine c = 3\n\n\n# end\n\n"
    edits = laid_out(text).edits
    assert [(e.span.text, e.text) for e in edits] == [
        ("\n\n# b\ndefine b=2 # two\n", "\n# b\ndefine b = 2  # two\n"),
        ("\n\n# end\n\n", "\n# end\n"),
    ]
    assert laid_out("define a = 1\n").edits == ()


@pytest.mark.parametrize(("end", "other"), [("\n", "\r\n"), ("\r\n", "\n")])
def test_lines_end_as_the_first_one_does(end: str, other: str) -> None:
    text = f'# a{end}define a=1{other}action  b {{ c }}{other}policy p {{{other}title  "x"{end}}}'
    assert holds(text).text == (
        f'# a{end}define a = 1{end}action  b {{ c }}{other}policy p {{{end}  title "x"{end}}}{end}'
    )


def test_what_cannot_be_read_is_told() -> None:
    result = holds("define a=1\naction  { }\ngrup  g { }\n")
    assert [broken.keyword for broken in result.left] == ["action", "grup"]
    assert result.text == "define a = 1\naction  { }\ngrup  g { }\n"
