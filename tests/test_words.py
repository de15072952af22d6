"""Words of lists, bare and in quotation marks: however one is called, it can be written, and means itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from grammar_words import keywords
from hypothesis import example, given
from hypothesis import strategies as st

import nbadsl
from nbadsl.format import formatted
from nbadsl.source import Source
from nbadsl.types import quoted, spelled

POLICY = """policy words {{ }}

profile customer key customer_id {{
  customer_id: text
  one_: one of {word}, other = {word}
  any_: any of other, {word}
}}

action asked {{ eligible when one_ is {word} }}
action turned {{ eligible when {quoted} is one_ }}
action listed {{ eligible when one_ is one of {word} }}
action held {{ eligible when any_ has {word} and any_ has all of {word} }}
action rated {{ eligible when rate(one_) is 1 }}

table rate(one_): number {{
  one_   | result
  {word} | 1
  other  | 2
}}

arbitrate {{ score 1  pick 9 }}

test "it is told" {{
  customer {{ one_: {word}  any_: [{word}] }}
  expect asked
  expect turned
  expect listed
  expect held
  expect rated
}}
"""
ALL = ["asked", "held", "listed", "rated", "turned"]


def is_a_word(text: str) -> bool:
    return text == text.strip() and text.isprintable() and "|" not in text and text not in ("", "other")


def decided(path: Path, word: str) -> list[list[str | None]]:
    policy = nbadsl.load(path)
    found: dict[str, list[str | None]] = {"c1": [], "c2": [], "c3": []}
    people = [
        {"customer_id": "c1", "one_": word, "any_": [word, "other"]},
        {"customer_id": "c2", "one_": "other", "any_": ["other"]},
        {"customer_id": "c3", "any_": [word]},
    ]
    table = policy.decide(people).table
    for key, action in zip(table["customer_id"].to_pylist(), table["action"].to_pylist(), strict=True):
        found[key].append(action)
    for person in people:
        one = policy.decide_one(person)
        assert sorted(c.action for c in one.choices) == sorted(a for a in found[one.key] if a)
    return [sorted(a or "" for a in actions) for actions in found.values()]


@given(st.text(max_size=12).filter(is_a_word))
@example('say "no"')
@example("C:\\new")
@example("18-24")
@example("ß")
@example("𝔘")
def test_any_text_can_be_a_word(tmp_path_factory: pytest.TempPathFactory, word: str) -> None:
    path = tmp_path_factory.mktemp("words") / "words.nba"
    text = POLICY.format(word=spelled(word), quoted=quoted(word))
    path.write_text(text, encoding="utf-8")
    assert decided(path, word) == [ALL, [""], ALL]
    path.write_text(formatted(Source("words.nba", text)).text, encoding="utf-8")
    assert decided(path, word) == [ALL, [""], ALL]


@pytest.mark.parametrize("word", sorted(keywords() | {"a", "is", "true"}))
def test_a_keyword_can_be_a_word(word: str, tmp_path: Path) -> None:
    path = tmp_path / "words.nba"
    path.write_text(POLICY.format(word=spelled(word), quoted=quoted(word)))
    assert decided(path, word) == [ALL, [""], ALL]
    path.write_text(POLICY.format(word=quoted(word), quoted=quoted(word)))
    assert decided(path, word) == [ALL, [""], ALL]


def test_names_need_no_quotation_marks() -> None:
    assert [spelled(word) for word in ("basic", "größe", "k_9", "limit", "E-Car", "9k", "a b", "no")] == [
        "basic",
        "größe",
        "k_9",
        "limit",
        '"E-Car"',
        '"9k"',
        '"a b"',
        '"no"',
    ]
