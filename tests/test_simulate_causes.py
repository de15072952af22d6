"""What is responsible for what changes from one policy to another, by hand: rules, limits, chance, names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import nba
from compared import HEAD, MOMENT, OLD_TEXT, PEOPLE, Told, compared, load, told, varied
from html_pages import tables

import nbadsl
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import NOTHING
from nbadsl.simulate.simulate import Asked, simulate


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        # 10 … 19 no longer get the offer.
        ("a >= 10", "a >= 20", [("rule tightened", "new", "a >= 20", 10)]),
        ("a >= 10", "a >= 5", [("rule loosened", "old", "a >= 10", 5)]),
        ("b > 35", "b > 30", [("rule tightened", "new", "rich", 4)]),  # 32 is unknown
        ('exclude when b > 35, unknown keeps because "rich"', "", [("rule removed", "old", "rich", 3)]),
        ("via email", 'exclude when a is 12 because "no"  via email', [("rule added", "new", "no", 1)]),
        ("value 2 * lever", "value 6", [("score", "new", "news via push", 22)]),
        ("  everything else", "  news  everything else", [("priority", "new", "news via push", 22)]),
        (
            "action offer {",
            "action offer { active from 2030-01-01",
            [("dates", "new", "offer via email", 27)],
        ),
        ("pick 1 }", "nothing below 3 pick 1 }", [("threshold", "new", "news via push", 13)]),
        ("action news", "action other", [("action removed", "new", "news via push", 13)]),
        ("unknown keeps", "unknown excludes", [("rule tightened", "new", "rich", 7)]),
        (
            "via email ",
            "via email  limit 4 per month",
            [("rule added", "new", "4 per month", 23)],
        ),
    ],
)
def test_one_change_is_responsible_for_exactly_these_people(before: str, after: str, causes: list[Told]):
    assert before in OLD_TEXT
    found = compared(OLD_TEXT, OLD_TEXT.replace(before, after, 1))
    assert told(found) == causes


def test_what_is_there_already_stops_now():
    text = OLD_TEXT.replace("b > 35", "b > lever * 20")
    found = compared(text, text, ({"lever": 1.0}, {"lever": 1.5}))
    # 21 … 30, but those for whom b is unknown (24, 28), and news are worth less.
    assert told(found) == [("rule stops now", "new", "rich", 8)]
    assert told(compared(text, text, ({"lever": 1.5}, {"lever": 1.0}))) == [
        ("rule lets pass now", "old", "rich", 8)
    ]


def test_limits_that_people_share_are_responsible():
    old = OLD_TEXT.replace("via email ", "via email  limit 9 per month")
    found = compared(old, old.replace("limit 9", "limit 4"))
    assert told(found) == [("rule tightened", "new", "4 per month", 5)]
    (limit,) = found.changes.limits  # which has another name now
    assert (limit.name, limit.old.used, limit.new.used) == ("action offer: limit 4 per month", 9, 4)
    gone = compared(old, OLD_TEXT).changes.limits
    assert [(limit.old.name, limit.new) for limit in gone] == [("9 per month", None)]
    wider = compared(old.replace("limit 9", "limit 4"), old)
    assert told(wider) == [("rule loosened", "old", "4 per month", 5)]


def test_of_equal_scores_the_order_in_the_file_is_responsible():
    actions = ["action one { value 1 }\n", "action two { value 1 }\n"]
    end = "arbitrate { score value  pick 1 }"
    found = compared("".join([*actions, end]), "".join([*actions[::-1], end]))
    assert told(found) == [("order", "new", "two", 40)]
    # What a limit takes is the limit's doing, also where the next one is worth as much.
    limited = "".join([actions[0].replace("}", "limit 5 per month }"), actions[1], end])
    assert told(compared("".join([*actions, end]), limited)) == [("rule added", "new", "5 per month", 35)]


def test_holdouts_are_responsible():
    old = OLD_TEXT
    found = compared(old, old + "\nholdout control 50% by id\n")
    ((kind, side, reason, people),) = told(found)
    assert (kind, side, reason) == ("holdout added", "new", "control") and 8 < people < 32
    assert all(move.new == NOTHING for cause in found.changes.causes for move in cause.moves)


HELD_TEXT = OLD_TEXT + "holdout control 50% by id from 2026-01-01\n"


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ("50%", "60%", {("holdout changed", "new")}),
        ("50%", "40%", {("holdout changed", "old")}),
        ("by id", 'by id seed "other"', {("holdout changed", "new"), ("holdout changed", "old")}),
        ("holdout control", "holdout others", {("holdout added", "new"), ("holdout removed", "old")}),
        ("holdout control 50% by id from 2026-01-01", "", {("holdout removed", "old")}),
    ],
)
def test_a_changed_holdout_is_a_cause_of_its_own(before: str, after: str, kinds: set[tuple[str, str]]):
    text = HELD_TEXT.replace("from 2026-01-01", "from 2026-01-01")
    before = before.replace("from 2026-01-01", "from 2026-01-01")
    found = compared(text, text.replace(before, after))
    assert {(kind, side) for kind, side, *_ in told(found)} == kinds


TONE = "\nexperiment tone by id { control 50%, lower 25%, higher 25% }\n"
NEWS = "action news { value 2 }\n"
BEST = "arbitrate { score value  pick 1 }\n"
READING = {
    "rule": "action offer { eligible when tone is not control  value 5 }\n" + NEWS + BEST,
    "score": "action offer { value if tone is control then 1 else 5 }\n" + NEWS + BEST,
    "priority": "action offer { value 1 }\n"
    + NEWS
    + "priority { offer when tone is not control  everything else }\n"
    + BEST,
    "threshold": "action offer { value if tone is control then 1 else 5 }\n"
    + BEST.replace("pick", "nothing below 2 pick"),
    "content": 'action offer { via email { content "a" when tone is control  content "b" }  value 5 }\n'
    + BEST,
}
"""Policies, by what of them reads an experiment."""


@pytest.mark.parametrize("what", READING)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("control 50%, lower 25%, higher 25%", "control 25%, lower 50%, higher 25%"),
        ("control 50%, lower 25%, higher 25%", "lower 25%, control 50%, higher 25%"),
        ("control 50%, lower 25%, higher 25%", "control 20%, lower 25%, higher 25%, fourth 30%"),
        ("by id {", 'by id seed "other" {'),
    ],
)
def test_a_changed_experiment_is_a_cause_of_its_own(what: str, before: str, after: str):
    assert before in TONE
    found = compared(TONE + READING[what], TONE.replace(before, after) + READING[what])
    assert found.changes.changed + found.changes.varied > 3
    causes = {(kind, side, reason) for kind, side, reason, _ in (*told(found), *varied(found))}
    assert causes == {("experiment changed", "new", "tone")}


def test_a_rule_that_changes_with_its_experiment_is_responsible_itself():
    old, other = TONE + READING["rule"], TONE.replace("by id {", 'by id seed "other" {')
    found = compared(old, other + READING["rule"].replace("tone is not control", "tone is higher"))
    assert {(kind, reason) for kind, _, reason, _ in told(found)} == {
        ("rule tightened", "tone is higher"),
        ("rule loosened", "tone is not control"),
    }
    dear = READING["score"].replace("value 2", "value 6")
    assert {kind for kind, *_ in told(compared(TONE + READING["score"], TONE + dear))} == {"score"}


# --- the same action another way ---

WAYS = """
action offer {
  via email { content "short" when a < 20  content "long" }
  via push { exclude when b > 10, unknown keeps because "too rich" }
  value 5
  boost 2 when channel is push and a > 30
}
arbitrate { score value * boost  pick 1 }
"""


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        (
            '"short" when a < 20',
            '"short" when a < 10',
            [("rule tightened", "new", 'content "short" when a < 10', 10)],
        ),
        (
            '"short" when a < 20',
            '"short" when a < 25',
            [("rule loosened", "old", 'content "short" when a < 20', 5)],
        ),
        ('content "short" when a < 20', "", [("content removed", "new", 'offer via email "short"', 20)]),
        ('content "long"', 'content "other"', [("content removed", "new", 'offer via email "long"', 18)]),
        ("b > 10, unknown keeps", "b > 33, unknown keeps", [("rule loosened", "old", "too rich", 2)]),
        ("push and a > 30", "push and a > 25", [("score", "new", "offer via push", 1)]),
        ("via push {", "via push { quiet 08:00 to 10:00", [("rule added", "new", "08:00 to 10:00", 2)]),
    ],
)
def test_who_gets_the_same_another_way_has_a_cause_too(before: str, after: str, causes: list[Told]):
    assert before in WAYS
    found = compared(WAYS, WAYS.replace(before, after, 1))
    assert found.changes.changed == 0 and found.changes.causes == ()
    assert varied(found) == causes


def test_a_limit_that_people_share_moves_them_to_another_channel():
    free = WAYS.replace('exclude when b > 10, unknown keeps because "too rich"', "")
    found = compared(free, free.replace("via email {", "via email { limit 10 per month"))
    assert (found.changes.changed, found.changes.varied) == (0, 21)
    assert varied(found) == [("rule added", "new", "10 per month", 21)]


def test_another_order_of_channels_varies_and_does_not_change():
    old = OLD_TEXT.replace("via push", "via push, email")
    found = compared(old, old.replace("via push, email", "via email, push"))
    assert (found.changes.changed, found.changes.varied) == (0, 13)
    assert varied(found) == [("order", "new", "news via email", 13)]
    gone = compared(OLD_TEXT, OLD_TEXT.replace("via push  ", ""))
    assert varied(gone) == [("channel removed", "new", "news via push", 13)]
    assert [(m.old, m.new, m.people) for m in found.changes.varied_moves] == [
        ("news via push", "news via email", 13)
    ]
    assert {(m.old, m.new) for m in found.changes.moves} == {("offer", "offer"), ("news", "news")}


# --- what is called otherwise ---

GROUPED = """
channel mobile { exclude when a is 39 because "last" }
group sales { exclude when a < 5 because "first"  limit 3 per customer per 7 days }
action offer in sales { eligible when a >= 10  via mobile  value 5  limit 30 per month }
action news in sales { via push  value 2 }
arbitrate { score value  pick 1 }
"""
RENAMED = (
    GROUPED.replace("channel mobile", 'channel app was "phone", "mobile"')
    .replace("via mobile", "via app")
    .replace("group sales", 'group promotional was "sales"')
    .replace("in sales", "in promotional")
    .replace("action offer", 'action bargain was "offer"')
)


def test_what_is_called_otherwise_is_the_same():
    found = compared(GROUPED, RENAMED)
    changes = found.changes
    assert (changes.changed, changes.varied) == (0, 0)
    assert {(m.old, m.new) for m in changes.moves} == {("bargain",) * 2, ("news",) * 2, (NOTHING,) * 2}
    assert [(g.action, g.old, g.new) for g in changes.gains] == [("bargain", 29, 29), ("news", 6, 6)]
    assert all(limit.old is not None and limit.new is not None for limit in changes.limits)
    assert changes.limits[0].name == "group promotional: limit 3 per customer per 7 days"
    assert "action bargain was called offer; both are taken for one" in found.notes


@pytest.mark.parametrize(
    ("before", "after", "causes"),
    [
        ("a >= 10", "a >= 12", [("rule tightened", "new", "a >= 12", 2)]),
        ("a < 5 because", "a < 8 because", [("rule tightened", "new", "first", 3)]),
        ('a is 39 because "last"', 'a is 38 because "late"', [("rule tightened", "new", "late", 1), ("rule loosened", "old", "last", 1)]),
        ("limit 30 per month", "limit 20 per month", [("rule tightened", "new", "20 per month", 9)]),
    ],
)  # fmt: skip
def test_rules_of_what_is_called_otherwise_are_found(before: str, after: str, causes: list[Told]):
    assert before in RENAMED
    assert told(compared(GROUPED, RENAMED.replace(before, after))) == causes


def test_a_former_name_that_is_there_still_is_no_other_name():
    text = GROUPED.replace(
        "action news", 'action bargain was "offer" in sales { value 9  eligible when a > 36 }\naction news'
    )
    new = text.replace(
        "action offer in sales { eligible when a >= 10  via mobile  value 5  limit 30 per month }", ""
    )
    found = compared(text.replace(' was "offer"', ""), new)
    assert {g.action for g in found.changes.gains} == {"bargain", "news", "offer"}
    assert {(kind, reason) for kind, _, reason, _ in told(found)} == {("action removed", "offer via mobile")}


def test_a_field_that_is_called_otherwise_is_the_same_field():
    old = OLD_TEXT.replace("a >= 10", "a >= 10  eligible when b < 30, unknown passes")
    new = old.replace("b <", "wealth <").replace("b >", "wealth >").replace("< 30", "< 20")
    head = HEAD.replace("b: number optional", 'wealth: number optional from column "b"')
    one, other = Side(load(new, head)), Side(load(old))
    found = simulate(one, Asked(PEOPLE, MOMENT), other)
    assert told(found) == [("rule tightened", "new", "wealth < 20", 7)]


def test_a_compiled_policy_knows_its_former_names(tmp_path: Path):
    policy = load(RENAMED)
    policy.save(tmp_path / "policy.nbac")
    again = nbadsl.load(tmp_path / "policy.nbac")
    assert again.program.former == policy.program.former != ()
    assert again.hash == policy.hash


# --- where it is told ---


def test_the_command_and_the_page_tell_of_both_and_they_add_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    new = RENAMED.replace("via push", "via app, push").replace("a >= 10", "a >= 12")
    for name, text in (("old", GROUPED), ("new", new)):
        Path(f"{name}.nba").write_text(HEAD + text)
    rows = zip(*PEOPLE.values(), strict=True)
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    Path("people.csv").write_text("\n".join([",".join(PEOPLE), *lines]))
    ask = ("simulate", "new.nba", "-p", "people.csv", "--against", "old.nba", "--now", "2026-11-10 09:00")
    found = json.loads(nba(*ask, "--format", "json", "--report", "page.html").out)["changes"]
    assert (found["changed"], found["varied"]) == (2, 5)
    assert sum(cause["people"] for cause in found["varied_causes"]) == 5
    ended = nba(*ask, "--fail-if", "varied > 2", "--fail-if", "more_action bargain != -2")
    assert ended.code == 1 and "error: varied > 2: varied is 5" in ended.said
    assert "more_action" not in ended.said, "a renamed action has those it had"
    table = ended.out[ended.out.index("Responsible for the same action another way") :]
    assert "channel added: news via app" in table and "news via push → news via app" in table
    assert "note: action bargain was called offer; both are taken for one" in ended.out
    page = tables(Path("page.html").read_text())
    by_way = page["What is responsible for another channel, content or moment"][1:]
    assert sum(int(row[1]) for row in by_way) == 5
    ways = page["People whose action stays, by how they got it and how they get it"][1:]
    assert sum(int(row[1]) for row in ways) == 5
