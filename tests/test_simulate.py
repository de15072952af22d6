"""`nba simulate`: its figures are those of a run, guarantees those of the interpreter, and what it is asked for."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from commands import NOW, RUN, change, fails, nba
from hypothesis import HealthCheck, Phase, given, settings
from invented_customers import NOW as MOMENT
from invented_customers import POLICY, ROWS, arrow
from small_simulations import Pair, pairs

import nbadsl
from nbadsl.history.memory import MemoryStore
from nbadsl.interpreter.expressions import Evaluator
from nbadsl.program import chance
from nbadsl.simulate.deciding import Side
from nbadsl.simulate.figures import OTHERS, UNKNOWN, Simulation
from nbadsl.simulate.segments import ENOUGH
from nbadsl.simulate.simulate import Asked, simulate
from nbadsl.zone import zone

SIMULATE = ("simulate", *RUN[1:])


@cache
def policy(text: str) -> nbadsl.Policy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.nba"
        path.write_text(text)
        return nbadsl.load(path)


def simulated(new: str, old: str | None = None, profiles: Any = None, **asked: Any) -> Simulation:
    against = None if old is None else Side(policy(old))
    profiles = arrow() if profiles is None else profiles
    return simulate(Side(policy(new)), Asked(profiles, MOMENT, **asked), against)


def by_name(parts: Any) -> dict[str, int]:
    return {part.name: part.people for part in parts if part.people}


# --- the figures of one policy ---


def test_figures_are_those_of_a_run():
    done = policy(POLICY).decide(arrow(), now=MOMENT)
    found = simulated(POLICY, threads=2).new
    report = done.report
    assert (found.people, found.contacts) == (report.people, report.contacts)
    for name in ("nothing", "rejected", "funnels", "limits", "undefined", "hash"):
        assert getattr(found, name) == getattr(report, name)
    rows = done.to_pylist()
    best, all = ([r for r in rows if r["rank"] in ranks] for ranks in ((1,), (1, 2)))
    given = [r for r in best if r["action"] is not None]
    assert found.decided == len(given)
    assert by_name(found.actions) == Counter(r["action"] for r in given)
    assert by_name(found.channels) == Counter(r["channel"] for r in given if r["channel"])
    assert by_name(found.contents) == Counter(
        f'{r["action"]} "{r["content"]}"' for r in given if r["content"]
    )
    for part in found.actions:
        assert part.score == pytest.approx(sum(r["score"] for r in given if r["action"] == part.name))
    contacts = Counter(r["action"] for r in all if r["action"])
    assert {part.name: part.contacts for part in found.actions if part.contacts} == contacts
    each = Counter(r["customer_id"] for r in all if r["action"])
    counts = Counter(each[person["customer_id"]] for person in ROWS)
    assert {b.contacts: b.people for b in found.burden if b.people} == counts
    scores = [r["score"] for r in given if r["score"] is not None]
    assert found.score == pytest.approx(sum(scores)) and found.mean_score == pytest.approx(np.mean(scores))
    for histogram in found.histograms:
        mine = [r["score"] for r in given if r["action"] == histogram.action]
        assert sum(histogram.counts) == histogram.people == len(mine)
        assert (histogram.edges[0], histogram.edges[-1]) == (min(mine), max(mine))
        assert histogram.mean == pytest.approx(np.mean(mine))


def test_groups_are_everybody_once():
    found = simulated(POLICY, by=("plan", "age", "income", "last_complaint", "consent", "customer_id")).new
    done = {
        r["customer_id"]: r["action"]
        for r in policy(POLICY).decide(arrow(), now=MOMENT).to_pylist()
        if r["rank"] < 2
    }
    segments = {each.field: each for each in found.segments}
    for each in found.segments:
        assert sum(group.people for group in each.groups) == found.people
        assert sum(group.decided for group in each.groups) == found.decided
        assert sum(group.contacts for group in each.groups) == found.contacts
        assert sum(group.score for group in each.groups) == pytest.approx(found.score)
        for action in found.actions:
            people = [dict((s.name, s.people) for s in group.actions)[action.name] for group in each.groups]
            assert sum(people) == action.people
    basic = next(g for g in segments["plan"].groups if g.value == "basic")
    mine = [done[row["customer_id"]] for row in ROWS if row["plan"] == "basic"]
    assert {s.name: s.people for s in basic.actions if s.people} == Counter(a for a in mine if a)
    assert (basic.people, basic.decided) == (len(mine), sum(a is not None for a in mine))
    assert {g.value for g in segments["consent"].groups} == {"yes", "no"}
    assert [g.value for g in segments["customer_id"].groups][-1] == OTHERS
    assert segments["last_complaint"].groups[-1].value == "never"
    ages = sorted(row["age"] for row in ROWS)
    assert segments["age"].banded and segments["age"].groups[0].value.startswith(f"{ages[0]} to <")
    assert segments["age"].groups[-1].value.endswith(f" to {ages[-1]}") and len(segments["age"].groups) == 5
    incomes = segments["income"].groups
    assert incomes[-1].value == UNKNOWN and incomes[-1].people == sum(r["income"] is None for r in ROWS)


def test_words_may_be_unknown_or_have_a_default():
    text = LIMITED.replace(
        "worth: number", "worth: number  home: text optional  tone: one of low, high = low"
    )
    people = {
        "id": ["a", "b", "c"],
        "worth": [1.0, 9.0, 8.0],
        "home": ["x", None, "x"],
        "tone": ["high", None, None],
    }
    words = pa.array(people["tone"]).dictionary_encode()
    table = pa.table({**people, "tone": words})
    for profiles in (people, table):
        home, tone = simulated(text, profiles=profiles, by=("home", "tone")).new.segments
        assert [(g.value, g.people, g.score) for g in home.groups] == [("x", 2, 10.0), (UNKNOWN, 1, 9.0)]
        assert [(g.value, g.people) for g in tone.groups] == [("low", 2), ("high", 1)]


def test_differences_between_groups_are_the_largest_of_all_pairs():
    found = simulated(POLICY, by=("plan", "age")).new
    assert found.gaps and list(found.gaps) == sorted(found.gaps, key=lambda g: -g.difference)
    for gap in found.gaps:
        (segment,) = (s for s in found.segments if s.field == gap.field)
        rates = [
            {s.name: s.people for s in group.actions}[gap.action] / group.people
            for group in segment.groups
            if group.people >= ENOUGH
        ]
        assert (gap.lowest.rate, gap.highest.rate) == (min(rates), max(rates))
        assert gap.difference == max(rates) - min(rates) and gap.ratio == min(rates) / max(rates)


def test_who_is_left_with_nothing_and_what_is_unknown():
    found = simulated(POLICY).new
    nothing = by_name(found.nothing)
    assert sum(c.people for c in found.closest) == nothing["nobody passed"] + nothing["below threshold"]
    page = [rule for rule in found.unknown_rules if "page" in rule.reason]
    assert page == []  # what passes as unknown blocks nobody
    text = POLICY.replace("unknown keeps because", "unknown excludes because")
    (rule,) = simulated(text).new.unknown_rules
    adults = [r for r in ROWS if r["plan"] == "basic" and r["age"] >= 18 and r["income"] is None]
    assert (rule.reason, rule.fields, rule.people) == ("affordability", ("income",), len(adults))
    (field,) = simulated(text).new.unknown_fields
    assert (field.field, field.people, field.rules) == ("income", sum(r["income"] is None for r in ROWS), 1)


def test_the_closest_candidate_is_the_one_that_a_later_stage_stopped():
    text = """
policy p { timezone "UTC"  currency EUR }
profile customer key id { id: text  a: integer }
action early { require a > 9  value 1 }
action late { exclude when a > 0 because "silence"  value 1 }
action low { eligible when a > 5  value 0.5 }
arbitrate { score value  nothing below 1  pick 1 }
"""
    found = simulated(text, profiles={"id": ["x", "y", "z"], "a": [1, 6, 2]}).new
    assert [(c.candidate, c.stage, c.reason, c.people) for c in found.closest] == [
        ("late", "exclude", "silence", 2),
        ("low", "threshold", "", 1),
    ]


def test_a_fallback_that_stands_aside_is_not_what_came_closest():
    text = """
policy p { timezone "UTC"  currency EUR }
profile customer key id { id: text  a: integer }
action early { require a > 9  value 1 }
action low { eligible when a > 5  value 0.5 }
action banner { require a > 1 }
arbitrate { score value  nothing below 1  pick 1  fallback banner }
"""
    found = simulated(text, profiles={"id": ["x", "y", "z"], "a": [1, 6, 7]}).new
    assert by_name(found.nothing) == {"nobody passed": 1, "below threshold": 2}
    assert [(c.candidate, c.stage, c.people) for c in found.closest] == [
        ("low", "threshold", 2),
        ("low", "eligible", 1),
    ]


def test_a_limit_that_people_share_is_what_leaves_them_with_nothing():
    text = LIMITED.replace("action news { value 2 }", "")
    people = {"id": ["a", "b", "c", "d"], "worth": [1.0, 9.0, 8.0, 7.0]}
    (closest,) = simulated(text, profiles=people).new.closest
    assert (closest.candidate, closest.stage, closest.reason) == ("coupon", "limit", "2 per month")
    assert (closest.line, closest.people) == (4, 2)


# --- guarantees ---


def test_broken_guarantees_are_told_with_customers():
    text = (
        POLICY
        + 'guarantee "adults": never upgrade when age < 40\nguarantee "all": some apology when age < 12\n'
    )
    done = policy(text).decide(arrow(), now=MOMENT).to_pylist()
    got = {(r["customer_id"], r["action"]) for r in done}
    adults, all = simulated(text).new.guarantees
    held = {r["customer_id"] for r in done if r["holdout"]}
    assert held  # whom no guarantee is about
    young = [r["customer_id"] for r in ROWS if r["age"] < 40 and r["customer_id"] not in held]
    broken = [key for key in young if (key, "upgrade") in got]
    assert (adults.name, adults.never, adults.applies, adults.broken) == (
        "adults",
        True,
        len(young),
        len(broken),
    )
    assert broken and adults.examples == tuple(broken[:5])
    children = [r["customer_id"] for r in ROWS if r["age"] < 12 and r["customer_id"] not in held]
    without = [key for key in children if (key, "apology") not in got]
    assert (all.applies, all.broken, all.examples) == (len(children), len(without), tuple(without[:5]))


def test_promises_about_limits_are_left_to_proofs():
    found = simulated(POLICY + 'guarantee "few": at most 2 apology per customer ever\n')
    assert found.new.guarantees == ()
    assert [note for note in found.notes if "nba prove" in note]


@pytest.mark.filterwarnings("ignore:overflow encountered")  # some scores are 1e300
def test_guarantees_are_those_of_the_interpreter():
    def check(pair: Pair) -> None:
        found, rows = pair.simulated(), pair.case.rows
        program, given = pair.new, pair.case.given
        decided = [new for new, _ in pair.decided()]
        for guarantee, checked in zip(program.guarantees, found.new.guarantees, strict=True):
            applies, broken = 0, []
            for row, decision in zip(rows, decided, strict=True):
                if decision.holdout is not None:
                    continue
                arms = {e.name: chance.arm(e, row[e.by]) for e in program.experiments}
                if Evaluator(row, given, arms, zone(program.timezone)).value(guarantee.when) is True:
                    applies += 1
                    gets = any(choice.candidate in guarantee.among for choice in decision.chosen)
                    broken += [decision.key] if gets == guarantee.never else []
            assert (checked.applies, checked.broken) == (applies, len(broken))
            assert checked.examples == tuple(broken[:5])

    relaxed = settings(
        max_examples=60, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )
    relaxed(given(pairs())(check))()


# --- limits, and a history ---

LIMITED = """
policy counted { timezone "UTC"  currency EUR }
profile customer key id { id: text  worth: number }
action coupon { value worth  limit 2 per month }
action news { value 2 }
arbitrate { score value  pick 1 }
"""


def test_limits_count_as_in_a_run_and_nothing_is_kept(tmp_path: Path):
    people = {"id": ["a", "b", "c", "d"], "worth": [1.0, 9.0, 8.0, 7.0]}
    free = simulated(LIMITED, profiles=people)
    assert by_name(free.new.actions) == {"coupon": 2, "news": 2}
    assert free.notes == ("without a history: limits count as if nobody had been contacted before",)
    store = MemoryStore()
    policy(LIMITED).decide({"id": ["x"], "worth": [5.0]}, now=MOMENT, history=store)
    side = Side(policy(LIMITED), store)
    again = [simulate(side, Asked(people, MOMENT)) for _ in range(2)]
    report = policy(LIMITED).decide(people, now=MOMENT, history=store).report
    for found in again:
        assert by_name(found.new.actions) == {"coupon": 1, "news": 3}
        assert (found.new.limits, found.new.funnels, found.notes) == (report.limits, report.funnels, ())


# --- a sample ---


def test_a_sample_is_by_chance_and_always_the_same():
    whole = pa.table({"id": [f"p{n}" for n in range(5000)], "worth": [float(n) for n in range(5000)]})
    text = LIMITED.replace("  limit 2 per month", "")
    one, two = (simulated(text, profiles=whole, sample=500) for _ in range(2))
    assert one.new == two.new and one.sample == two.sample and one.sample is not None
    assert (one.new.people, one.sample.people, one.sample.of) == (500, 500, 5000)
    assert one.sample.margin == pytest.approx(0.0416, abs=1e-3)
    assert any("500 of 5,000" in note and "±4.2 points" in note for note in one.notes)
    assert abs(one.new.score - sum(max(n, 2.0) for n in range(500))) > 1000, "not the first ones"
    assert simulated(text, profiles=whole, sample=500, seed=1).new.score != one.new.score
    shuffled = whole.take(np.random.default_rng(1).permutation(5000))
    assert simulated(text, profiles=shuffled, sample=500).new.score == pytest.approx(one.new.score)
    everybody = simulated(text, profiles=whole, sample=9999)
    assert everybody.new == simulated(text, profiles=whole).new and everybody.sample.margin == 0.0


# --- the command ---


def test_json_is_the_figures_and_text_says_them(shop: Path):
    change(shop / "policy.nba", "age >= 18 because", "age >= 40 because")
    change(shop / "policy.nba", "never promotional when age < 18", "never promotional when age < 60")
    assert nba("new", "old").code == 0
    ended = nba(*SIMULATE, "--against", "old/policy.nba", "--by", "plan", "--by", "age,consent_email")
    assert ended.code == 0, ended.said
    found = json.loads(nba(*SIMULATE, "--against", "old/policy.nba", "--by", "plan", "--format", "json").out)
    assert found["schema_version"] == 1 and found["new"]["people"] == 12
    changed = found["changes"]["changed"]
    assert changed and f"{changed} people get another action than before" in ended.out
    (cause,) = found["changes"]["causes"]
    assert (cause["kind"], cause["reason"], cause["people"]) == (
        "rule tightened",
        "no offers to minors",
        changed,
    )
    for said in (
        "Responsible",
        "rule tightened: require: no offers to minors",
        "By plan",
        "By consent_email",
    ):
        assert said in ended.out
    (guarantee,) = found["new"]["guarantees"]
    assert guarantee["broken"] and guarantee["examples"][0] in ended.out


@pytest.mark.parametrize(
    ("condition", "fails_with"),
    [
        ("changed > 5%", "changed > 5%: changed is 25.00%"),
        ("changed > 2", "changed > 2: changed is 3"),
        ("changed > 25%", None),
        ("changed >= 25%", "changed >= 25%: changed is 25.00%"),
        ("changed < 1_000", "changed < 1_000: changed is 3"),
        ("nothing>0%", "nothing>0%: nothing is 58.33%"),
        ("decided = 5", "decided = 5: decided is 5"),
        ("contacts != 5", None),
        ("broken > 0", None),
        ("action winback < 50%", "action winback < 50%: action winback is 16.67%"),
        ("more_action winback < 0", "more_action winback < 0: more_action winback is -3"),
        ("more_contacts < -10%", "more_contacts < -10%: more_contacts is -37.50%"),
        ("more_score < -5%", "more_score < -5%: more_score is -59.09%"),
    ],
)
def test_conditions_fail_a_simulation(shop: Path, condition: str, fails_with: str | None):
    change(shop / "policy.nba", "age >= 18 because", "age >= 40 because")
    assert nba("new", "old").code == 0
    ended = nba(*SIMULATE, "--against", "old/policy.nba", "--fail-if", condition, "--fail-if", "rejected > 0")
    errors = [line for line in ended.said.splitlines() if line.startswith("error")]
    assert ended.code == (fails_with is not None), ended.said
    assert [line.startswith(f"error: {fails_with}") for line in errors] == [True] * (fails_with is not None)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--fail-if", "chnged > 5%"), "there is no figure `chnged`; did you mean `changed`?"),
        (("--fail-if", "changed > 5%"), "`changed` compares with another policy: add --against old.nba"),
        (("--fail-if", "changed is 5"), "`changed is 5` is no condition; write one as `changed > 5%`"),
        (("--fail-if", "action winbak < 5%"), "there is no action `winbak`; did you mean `winback`?"),
        (("--fail-if", "action < 5%"), "`action` needs an action's name, as in `action winback < 2%`"),
        (
            ("--fail-if", "nothing winback > 5"),
            "is no condition: after `nothing` comes one of < <= > >= = !=",
        ),
        (("--by", "plam"), "the profile has no field `plam`; did you mean `plan`?"),
        (("--sample", "0"), "Invalid value for '--sample'"),
        (("--against", "odl.nba"), "there is no file odl.nba"),
        (("-p", "customer.csv"), "there is no file customer.csv; did you mean `customers.csv`?"),
        (("--history", "none.db"), "there is no history none.db"),
        (("--set", "lever=1"), "lever"),
    ],
)
def test_wrong_use_is_said_in_one_line(shop: Path, more: tuple[str, ...], says: str):
    said = fails(2, *SIMULATE, *more)
    assert says in said and "Traceback" not in said


def test_policies_must_name_people_alike(shop: Path):
    assert nba("new", "old").code == 0
    text = (
        (shop / "old" / "policy.nba")
        .read_text()
        .replace("customer_id: text", 'customer_id: text from column "id"')
    )
    (shop / "old" / "policy.nba").write_text(text)
    said = fails(2, *SIMULATE, "--against", "old/policy.nba")
    assert "the policies name people by different columns: `customer_id` and `id`" in said


def test_keys_that_are_texts_for_one_policy_and_numbers_for_the_other_are_other_people(tmp_path: Path):
    text = LIMITED.replace("  limit 2 per month", "")
    for name, key in (("new", "text"), ("old", "integer")):
        (tmp_path / f"{name}.nba").write_text(text.replace("id: text", f"id: {key}"))
    people = tmp_path / "people.csv"
    ask = (
        "simulate",
        str(tmp_path / "new.nba"),
        "-p",
        str(people),
        "--against",
        str(tmp_path / "old.nba"),
        *NOW,
    )
    people.write_text("id,worth\n1,1\n2,3\n3,4\n")
    assert nba(*ask).code == 0
    people.write_text("id,worth\n001,1\n002,3\n003,4\n")
    for more in ((), ("--sample", "2")):
        assert "the policies read other keys in the same profiles" in fails(2, *ask, *more)


def test_an_old_policy_with_errors_is_a_finding(shop: Path):
    (shop / "old.nba").write_text((shop / "policy.nba").read_text().replace("age >= 18", "agee >= 18"))
    assert "agee" in fails(1, *SIMULATE, "--against", "old.nba")


def test_values_of_a_run_hold_for_the_old_policy_as_far_as_it_has_them(levers: Path):
    assert nba("new", "old").code == 0
    ended = nba(*SIMULATE, "--set", "lever=2", "--context", "page=cart", "--against", "old/policy.nba")
    assert ended.code == 0 and "rule added: eligible: page is home" in ended.said, ended.said


def test_bad_data_is_counted_and_no_cause(shop: Path):
    with (shop / "customers.csv").open("a") as customers:
        customers.write("C013,200,basic,19.90,0.5,,yes\nC014,20,gold,19.90,0.5,,yes\n")
    assert nba("new", "old").code == 0
    change(shop / "policy.nba", "age: integer in 0..120", "age: integer in 0..250")
    found = json.loads(nba(*SIMULATE, "--against", "old/policy.nba", "--format", "json").out)
    example = '"gold" is not one of basic, plus, unlimited'
    plan = {"name": "plan", "people": 1, "example": example}
    assert (found["new"]["people"], found["new"]["rejected"]) == (14, [plan])
    age = {"name": "age", "people": 1, "example": '"200" is not a whole number from 0 to 120'}
    assert found["old"]["rejected"] == [age, plan]
    assert found["notes"] == [f"nothing is decided for 1 person with bad data, such as plan: {example}"]
    (cause,) = found["changes"]["causes"]
    assert (cause["kind"], cause["reason"], cause["side"], cause["people"]) == ("bad data", "age", "old", 1)
    assert "nothing is decided for 1 person with bad data" in found["notes"][0]


def test_nobody_is_an_answer_too(shop: Path):
    (shop / "none.csv").write_text((shop / "customers.csv").read_text().splitlines()[0] + "\n")
    ended = nba(
        "simulate", "policy.nba", "-p", "none.csv", *NOW, "--by", "plan,age", "--against", "policy.nba"
    )
    assert ended.code == 0 and "0 people" in ended.out, ended.said
    assert nba("simulate", "policy.nba", "-p", "none.csv", *NOW, "--sample", "5").code == 0


def test_figures_that_can_be_named_are_listed():
    ended = nba("simulate", "--figures")
    assert ended.code == 0 and ended.out.splitlines()[0].split()[0] == "decided"
