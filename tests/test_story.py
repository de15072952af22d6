"""What an explanation says is what the engine does: fates, what stops an action, what would do, what factors change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arrays import to_arrow
from commands import fails, nba
from differential import plan_of
from html_pages import CONTRAST, problems, words
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_program import Case, cases

import nbadsl
from nbadsl.change import smallest
from nbadsl.engine import fates
from nbadsl.engine.batch import Engine
from nbadsl.engine.single import Single
from nbadsl.history.events import Event, decided
from nbadsl.history.memory import MemoryStore
from nbadsl.interpreter import Evaluator, alone, decide
from nbadsl.program.decision import Fate
from nbadsl.program.nodes import Factor
from nbadsl.program.pool import Pool
from nbadsl.story import Story, tell
from nbadsl.story.factors import factors
from nbadsl.story.page import as_html
from nbadsl.story.values import value_text
from nbadsl.story.why_not import why_not
from nbadsl.types import DURATION, HOUR
from nbadsl.zone import microseconds, zone

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CODES = {"inactive": fates.INACTIVE, "no score": fates.NO_SCORE, "threshold": fates.THRESHOLD}
many = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


# --- agreement with the engine ---


@many
@given(cases())
def test_the_fate_that_is_told_for_each_candidate_is_the_engines(case: Case):
    people = to_arrow(case.rows, (*case.program.inputs, *case.program.rooms))
    found = Engine(plan_of(case.program)).decide(people, case.given, case.seed, fates=True)
    assert found.fates is not None
    for i, row in enumerate(case.rows):
        story = tell(case.program, row, case.given, case.seed)
        chosen = {c for c in found.outcome.chosen[i].tolist() if c >= 0}
        for number, told in enumerate(story.candidates):
            code = int(found.fates[i, number])
            if told.fate in ("chosen", "outranked"):
                assert code == fates.PASSED and (told.fate == "chosen") == (number in chosen)
            elif told.fate == "quiet" and code < 0:
                assert code == fates.QUIET
            elif told.fate in CODES:
                assert code == CODES[told.fate]
            else:
                assert case.program.candidates[number].rules[code].stage == told.fate


@many
@given(cases(max_size=2))
def test_all_that_stops_a_candidate_begins_with_what_makes_its_fate(case: Case):
    for row in case.rows:
        stories = decide(case.program, row, case.given, case.seed).stories
        for number, story in enumerate(stories):
            judged = alone(case.program, number, row, case.given)
            if story.fate > Fate.BUDGET:
                assert judged.hurdles == () and judged.score == story.score
                continue
            first = judged.hurdles[0]
            assert first.rule == story.rule
            if story.rule is None:
                assert first.part.name == ("active" if story.fate == Fate.INACTIVE else "send_at")
        name = case.program.candidates[0].name
        told = why_not(case.program, row, case.given, name, case.seed, {})
        (mine,) = (rival for rival in told.candidates if rival.candidate == name)
        stages = [stop.stage for stop in mine.stops]
        assert stages == list(dict.fromkeys(stages))
        assert (stages[0] if stages else None) == (
            str(stories[0].fate) if stories[0].fate <= Fate.BUDGET else None
        )


@many
@given(cases(max_size=1), st.integers(0, 3))
def test_what_would_do_does_in_the_engine_whatever_the_policy(case: Case, which: int):
    program, (row,) = case.program, case.rows
    actions = list(dict.fromkeys(c.action for c in program.candidates))
    wanted = {n for n, c in enumerate(program.candidates) if c.action == actions[which % len(actions)]}
    found = smallest(program, row, case.given, frozenset(wanted), case.seed)
    if found.changes is None:
        return
    person, run = dict(row), dict(case.given)
    for each in found.changes:
        assert each.new != each.old
        (person if each.field in person else run)[each.field] = each.new
    decision = Single(Engine(plan_of(program))).decide(person, run, case.seed)
    assert wanted & {choice.candidate for choice in (decision.chosen or decision.held)}


@many
@given(cases(max_size=1), st.integers(0, 3))
def test_without_a_factor_the_decision_is_that_of_a_program_without_it(case: Case, which: int):
    (row,) = case.rows
    pool = Pool()
    one = [replace(c, factors=() if c.score is None else (Factor("f", pool.literal(float(n * which), c.score.type)),))
           for n, c in enumerate(case.program.candidates)]  # fmt: skip
    program = replace(case.program, candidates=tuple(one))
    decision = decide(program, row, case.given, case.seed)
    found = factors(program, row, case.given, case.seed, decision)
    first = (decision.chosen or decision.held)[:1]
    assert (found is None) == (not first or first[0].score is None)
    if found is None:
        return
    changed = replace(
        program,
        candidates=tuple(replace(c, score=c.factors[0].score if c.factors else None) for c in one),
        arbitration=replace(program.arbitration, threshold=None),
    )
    theirs = Single(Engine(plan_of(changed))).decide(row, case.given, case.seed)
    chosen = (theirs.chosen or theirs.held)[:1]
    (without,) = found.without
    assert without.decision == (program.candidates[chosen[0].candidate].name if chosen else None)
    assert without.same == (bool(chosen) and chosen[0].candidate == first[0].candidate)


# --- what is said ---

POLICY = """
policy shop { title "A <shop> & more"  timezone "Europe/Berlin"  currency EUR }
profile customer key customer_id {
  customer_id: text
  plan: one of basic, plus
  risk: probability
  fee: money in 0 EUR..100 EUR
  complaint: time or never
  city: text optional
  consent: flag
}
context { page: one of home, cart = home }
parameter lever: number = 1.5
channel email { require consent because "no e-mail without consent" }
channel call { cost 4 EUR }
action upgrade {
  eligible when risk > 50% and plan is basic
  exclude when complaint within 14 days because "silence after a complaint"
  via email, call
  propensity risk
  value fee * 2
  boost 1.5 when channel is email
  limit 1 per customer per 30 days
}
action trip { eligible when city is "Berlin"  via call  propensity 50%  value 30 EUR }
action thanks { via email, call  propensity 10%  value 120 EUR  boost 2 when page is cart }
arbitrate { score propensity * value * boost * lever - cost  nothing below 2 EUR }
"""
PERSON = {
    "customer_id": "C3", "plan": "plus", "risk": 0.3, "fee": 40, "complaint": "2026-11-15T10:00:00Z", "city": None, "consent": True,
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> nbadsl.Policy:
    (tmp_path / "policy.nba").write_text(POLICY)
    return nbadsl.load(tmp_path / "policy.nba")


def asked(shop: nbadsl.Policy, action: str, **how: Any) -> Story:
    person = {**PERSON, **how.pop("person", {})}
    return shop.explain(person, now=NOW, why_not=action, **how)


def test_why_not_says_all_that_stops_it_and_the_smallest_change(shop):
    found = asked(shop, "upgrade").why_not
    assert [rival.candidate for rival in found.candidates] == ["upgrade via email", "upgrade via call"]
    mine = found.candidates[0]
    assert [(s.stage, s.why) for s in mine.stops] == [
        ("eligible", "action upgrade: risk > 50% and plan is basic"),
        ("exclude", "action upgrade: silence after a complaint"),
    ]
    assert (mine.score, mine.ahead) == (pytest.approx(54.0), "thanks via email")
    assert mine.behind == pytest.approx(18.0 - 54.0)
    assert [(c.field, c.old, c.new) for c in found.changes] == [
        ("plan", "plus", "basic"),
        ("risk", 0.3, 0.5000000000000001),
        ("complaint", "2026-11-15T10:00:00.000000Z", "2026-11-06T08:59:59.999999Z"),
    ]
    assert [c.said for c in found.changes] == [
        "plan basic instead of plus",
        "risk just above 0.5 instead of 0.3",
        "complaint just before 2026-11-06 10:00 instead of 2026-11-15 11:00",
    ]
    assert (found.exact, found.said) == (True, "nothing smaller does")
    lines = str(asked(shop, "upgrade")).split("\n")
    section = lines[lines.index("  why not upgrade?") :]
    assert section[2] == "  upgrade via email"
    assert section[3].startswith("  not eligible     action upgrade: risk > 50% and plan is basic")
    assert "  score            54, 36 more than thanks via email" in section
    assert section[-5:-1] == [
        "  it wins with     plan basic instead of plus",
        "                   risk just above 0.5 instead of 0.3",
        "                   complaint just before 2026-11-06 10:00 instead of 2026-11-15 11:00",
        "                   nothing smaller does",
    ]


def test_one_channel_may_be_asked_about_and_fields_may_be_named(shop):
    person = {"person": {"plan": "basic", "complaint": None}}
    email = asked(shop, "upgrade via email", **person).why_not
    call = asked(shop, "upgrade via call", **person).why_not
    assert [[c.field for c in found.changes] for found in (email, call)] == [["risk"], ["risk", "consent"]]
    assert email.changes[0].new == 0.5000000000000001
    only = asked(shop, "upgrade via call", change=["risk"], **person).why_not
    assert (only.changes, only.said) == (None, "no change of these fields: risk")
    assert asked(shop, "thanks").why_not.said == "no change: it is chosen"


def test_of_each_stage_the_first_is_told_and_a_channel_has_all_its_contents(tmp_path):
    text = POLICY.replace(
        "eligible when risk > 50% and plan is basic", "eligible when risk > 50%  eligible when plan is basic"
    )
    text = text.replace(
        "via email, call\n  propensity risk",
        'via email { content "x"  content "y" }  via call\n  propensity risk',
    )
    (tmp_path / "p.nba").write_text(text)
    found = asked(nbadsl.load(tmp_path / "p.nba"), "upgrade via email").why_not
    assert [rival.candidate for rival in found.candidates] == [f'upgrade via email "{name}"' for name in "xy"]
    assert [(s.stage, s.why) for s in found.candidates[0].stops] == [
        ("eligible", "action upgrade: risk > 50%"),
        ("exclude", "action upgrade: silence after a complaint"),
    ]


def test_a_factor_that_is_added_becomes_nothing_and_others_one(shop):
    (thanks,) = (c for c in shop.program.candidates if c.name == "thanks via call")
    row = {"risk": 0.5, "fee": 10.0}
    evaluator = Evaluator(row, shop.given(NOW, {"page": "cart"}), {}, zone("Europe/Berlin"))
    assert thanks.score is not None and evaluator.value(thanks.score) == 32.0
    assert {f.name: evaluator.value(f.score) for f in thanks.factors} == {
        "propensity": 120 * 2 * 1.5 - 4.0,
        "value": pytest.approx(0.1 * 2 * 1.5 - 4),
        "boost 2 when page is cart (action thanks)": 14.0,
        "lever": 20.0,
        "cost": 36.0,
    }


def test_texts_context_and_unknown_values_may_be_what_is_missing(shop):
    found = asked(shop, "trip").why_not
    assert [(c.field, c.new) for c in found.changes] == [("city", "Berlin")]
    assert found.changes[0].said == 'city "Berlin" instead of unknown'
    berlin = asked(shop, "trip", person={"city": "Berlin"}, context={"page": "cart"}).why_not
    assert [(c.field, c.old, c.new) for c in berlin.changes] == [("page", "cart", "home")]


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1 hour"), (1.5, "1.5 hours"), (24.0, "1 day"), (1 / 3600, "1 second"), (-1.0, "-1 hour")],
)
def test_one_of_a_unit_is_said_as_one(value, said):
    assert value_text(value * HOUR, DURATION, "UTC") == said


def test_what_a_limit_stops_is_told_when_it_may_win(shop):
    at = microseconds(NOW - timedelta(days=10), "UTC")
    past = MemoryStore([Event("d1", decided(1), "decided", at, "C3", "upgrade", (), "email", None)])
    free = {"plan": "basic", "risk": 0.8, "complaint": None}
    found = asked(shop, "upgrade", person=free, history=past).why_not
    assert [stop.stage for stop in found.candidates[0].stops] == ["limit"]
    assert (found.if_room, found.changes) == (True, ())
    assert found.said == "not before 2026-12-10 10:00, when there is room in its limits: no change then"
    more = asked(shop, "upgrade", person={**free, "plan": "plus"}, history=past).why_not
    assert (more.if_room, [c.field for c in more.changes]) == (True, ["plan"])
    assert more.said.endswith("when there is room in its limits: nothing smaller does")


def test_a_holdout_is_told_where_nothing_else_is_in_the_way(tmp_path):
    (tmp_path / "p.nba").write_text(POLICY + "holdout all 100% by customer_id\n")
    found = asked(nbadsl.load(tmp_path / "p.nba"), "thanks").why_not
    assert (found.changes, found.said) == ((), "what the holdout all keeps from being decided")


def test_a_group_is_no_action_and_has_some(tmp_path):
    grouped = POLICY.replace("action upgrade {", "group offers { }\naction upgrade in offers {")
    (tmp_path / "p.nba").write_text(grouped.replace("action trip {", "action trip in offers {"))
    with pytest.raises(nbadsl.BadInput, match="no action `offers`: it is the group of upgrade, trip"):
        asked(nbadsl.load(tmp_path / "p.nba"), "offers")


def test_what_was_asked_wrongly_is_told(shop):
    for action, wrong in (
        ("upgrad", "there is no action `upgrad`: did you mean `upgrade`?"),
        ("upgrade via post", "there is no action `upgrade via post`"),
    ):
        with pytest.raises(nbadsl.BadInput, match=wrong):
            asked(shop, action)
    with pytest.raises(nbadsl.BadInput, match="`customer_id` cannot be changed: it says who it is"):
        asked(shop, "upgrade", change=["customer_id"])
    with pytest.raises(nbadsl.BadInput, match=r"there is no field `rsk`: did you mean `risk`\?"):
        asked(shop, "upgrade", change=["rsk"])


def test_factors_are_taken_out_one_by_one(shop):
    person = {**PERSON, "plan": "basic", "risk": 0.6, "complaint": None, "fee": 5}
    found = shop.explain(person, now=NOW, context={"page": "cart"}, factors=True).factors
    assert (found.winner, found.second) == ("thanks via email", "upgrade via email")
    assert found.lead == pytest.approx(36.0 - 13.5)
    email, cart = (
        "boost 1.5 when channel is email (action upgrade)",
        "boost 2 when page is cart (action thanks)",
    )
    assert {w.factor: (w.decision, w.lead and round(w.lead, 9)) for w in found.without} == {
        # Without propensity: 120 * 2 * 1.5 against 10 * 1.5 * 1.5; without value: 0.6 * 1.5 * 1.5 against 0.1 * 2 * 1.5.
        "propensity": ("thanks via email", 360 - 22.5),
        "value": ("upgrade via email", round(1.35 - 0.3, 9)),
        email: ("thanks via email", 36 - 9.0),
        cart: ("thanks via email", 18 - 13.5),
        "lever": ("thanks via email", 24 - 9.0),
        "cost": ("thanks via email", 36 - 13.5),
    }
    assert [w.same for w in found.without].count(False) == 1
    text = str(shop.explain(person, now=NOW, context={"page": "cart"}, factors=True))
    assert "  lead             22.5 more than upgrade via email" in text
    assert "  without          value: upgrade via email, by 1.05" in text


def test_a_compiled_policy_tells_the_same(shop, tmp_path):
    shop.save(tmp_path / "policy.nbac")
    again = nbadsl.load(tmp_path / "policy.nbac")
    mine, theirs = (asked(policy, "upgrade", factors=True).as_dict() for policy in (shop, again))
    assert mine == theirs


# --- the command and the page ---


def test_nba_explain_why_not(tmp_path: Path, monkeypatch):
    nba("new", tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    ask = ("explain", "C003", "-p", "customers.csv", "--now", "2026-11-10 09:00")
    text = nba(*ask, "--why-not", "upgrade").out
    assert "  why not upgrade?" in text and "  it wins with     " in text
    data = json.loads(nba(*ask, "--why-not", "upgrade", "--factors", "--format", "json").out)
    assert data["schema_version"] == 1
    assert data["why_not"]["asked"] == "upgrade" and data["factors"]["without"]
    assert "add --why-not ACTION" in fails(2, *ask, "--change", "plan")
    assert "there is no action `x`" in fails(2, *ask, "--why-not", "x")
    ended = nba(*ask, "--why-not", "upgrade", "--html", "c.html")
    assert (ended.code, ended.out) == (0, "")
    assert "Why not upgrade?" in Path("c.html").read_text()


def page_of(shop: nbadsl.Policy) -> tuple[Story, str]:
    person = {"city": "<b>Bad & Berlin</b>"}
    story = asked(shop, "upgrade", person=person, factors=True)
    return story, as_html(story, "<C3>", "now", shop.facts.title, shop.hash)


def test_the_page_is_whole_escaped_and_says_what_the_text_says(shop):
    story, page = page_of(shop)
    assert problems(page) == []
    assert "<b>" not in page and "<C3>" not in page and "://" not in page and "<script" not in page
    said = words(page)
    for told in story.candidates:
        assert told.candidate in said and told.why in said
    for limit in story.limits:
        assert limit.said in said
    for each in story.why_not.changes:
        assert each.said in said
    for name in (
        "A <shop> & more",
        shop.hash,
        'city = "<b>Bad & Berlin</b>"',
        *(w.factor for w in story.factors.without),
    ):
        assert name in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_in_a_browser(shop, tmp_path, browser, width, scheme):
    path = tmp_path / "c.html"
    path.write_text(page_of(shop)[1])
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked_for: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    assert (asked_for, said) == ([path.as_uri()], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName"))
    assert {"A", "DIV"} <= reached
    page.close()
