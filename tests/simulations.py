"""Simulations for pages: invented figures, of an ordinary one against an older policy and of strange ones; and extreme ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import extreme_simulations

from nbadsl.limited.used import LimitUse, Moved
from nbadsl.report import BadColumn, Funnel, RuleCount, Share, Undefined
from nbadsl.simulate import figures as f
from nbadsl.simulate.arms import Arm, Arms
from nbadsl.simulate.days import Day, Days

PEOPLE = 40_000
WINNERS = {
    "discount_dairy": 9_210,
    "basket_coupon": 7_480,
    "winback": 3_125,
    "newsletter": 12,
    "recipe_of_the_week": 0,
}
ACTIONS = tuple(WINNERS)


def rule(
    stage: str, reason: str, stopped: int, unknown: int = 0, line: int = 7, scope: str = "winback"
) -> RuleCount:
    return RuleCount(stage, reason, scope, "policy.nba", line, stopped, unknown)


def funnel(candidate: str, chosen: int, of: int = PEOPLE) -> Funnel:
    """Half of the people are stopped by rules, a few by the score, the rest loses."""
    rest = of - chosen
    rules = (
        rule("require", "no e-mail without consent", rest // 4, 0, 5, "channel email"),
        rule("eligible", "churn_risk > 50%", rest // 5, rest // 20, 31),
        rule("exclude", "silence after a complaint", rest // 25, 0, 33),
        rule("limit", "2 per customer per 7 days", rest // 10, 0, 12, "group promotional"),
        rule("exclude", "never holds", 0, 0, 40),
    )
    lost = sum(each.stopped for each in rules)
    below, held = rest // 50, rest // 40
    outranked = rest - lost - below - held
    return Funnel(candidate, of, 0, rules, 0, 0, below, outranked, held, chosen)


def limit_use(
    name: str, used: int, before: float | None, most: float | None, stage: str = "limit"
) -> LimitUse:
    said = f"{before} before + {used} now of {most}" if most else f"{used} now"
    moved = Moved(120, 70, 20, 30)
    return LimitUse(stage, name, "group promotional", "policy.nba", 12, None if most else "customer_id", "decided", "7 days",
                    used, 0.2 * used if stage == "budget" else None, before, most, said, 4_321, moved)  # fmt: skip


def group(value: str, people: int, rate: float) -> f.Group:
    decided = round(people * rate)
    shares = [Share(name, int(decided * n / 20_000)) for name, n in WINNERS.items()]
    return f.Group(
        value,
        people,
        decided,
        decided + decided // 10,
        8.5 * decided,
        8.5 if decided else None,
        tuple(shares),
    )


def figures(policy: str = "grocer", hash: str = "9f2c41d07be85a36") -> f.Figures:
    decided = sum(WINNERS.values())
    parts = tuple(f.Part(name, n, n + n // 9, 8.25 * n) for name, n in WINNERS.items())
    channels = (f.Part("email", 14_300, 15_900, 118_000.0), f.Part("push", decided - 14_300, 6_100, 45_500.0))
    contents = (
        f.Part("winback: friendly", 2_000, 2_100, 900.5),
        f.Part("winback: short", 1_125, 1_200, 600.0),
    )
    edges = tuple(2.0 * n for n in range(11))
    shape = (0.01, 0.04, 0.1, 0.2, 0.25, 0.2, 0.1, 0.05, 0.03, 0.02)
    return f.Figures(
        policy=policy,
        title="Offers of the week",
        hash=hash,
        people=PEOPLE,
        decided=decided,
        contacts=22_000,
        score=163_500.0,
        mean_score=8.2474,
        actions=parts,
        channels=channels,
        contents=contents,
        nothing=(
            Share("holdout: control", 1_990),
            Share("nobody passed", PEOPLE - decided - 1_990 - 3),
            Share("bad data", 3),
        ),
        closest=(
            f.Closest("basket_coupon via email", "require", "no e-mail without consent", "channel email", "channels.nba", 8, 9_000),
            f.Closest("winback via push", "threshold", "", "", "", 0, 6_000),
            f.Closest("newsletter via email", "eligible", "purchases >= 3", "newsletter", "offers.nba", 31, 3_180),
        ),
        rejected=(BadColumn("spend", 3, '"much" is not an amount in EUR'),),
        funnels=tuple(funnel(f"{name} via {way}", n // 2) for name, n in WINNERS.items() for way in ("email", "push")),
        stoppers=(
            rule("require", "no e-mail without consent", 61_000, 0, 5, "channel email"),
            rule("eligible", "churn_risk > 50%", 42_000, 9_000, 31),
            rule("limit", "2 per customer per 7 days", 21_000, 0, 12, "group promotional"),
        ),
        histograms=tuple(
            f.Histogram(name, n, 8.0 + at, tuple(e + at for e in edges), tuple(round(n * s) for s in shape))
            for at, (name, n) in enumerate(WINNERS.items())
            if n
        ),
        limits=(
            limit_use("2 per customer per 7 days", 22_000, None, None),
            limit_use("5,000 per day", 4_990, 10, 5_000),
            limit_use("1,000.00 EUR per month", 2_000, 350.0, 1_000.0, "budget"),
        ),
        unknown_rules=(f.UnknownRule("eligible", "churn_risk > 50%", "winback", "offers.nba", 31, 9_000, ("churn_risk",)),),
        unknown_fields=(f.UnknownField("churn_risk", 11_200, 3), f.UnknownField("income", 40, 1)),
        undefined=(Undefined("offers.nba", 44, "margin / spend", 17),),
        segments=(
            f.Segments("region", False, (group("north", 21_000, 0.61), group("south", 15_000, 0.42), group(f.UNKNOWN, 4_000, 0.18))),
            f.Segments("age", True, (group("18..30", 9_000, 0.4), group("31..60", 26_000, 0.55), group("61..99", 5_000, 0.35))),
        ),
        burden=(f.Burden(0, PEOPLE - decided), f.Burden(1, 17_654), f.Burden(2, 2_173)),
        gaps=(
            f.RateGap("region", "discount_dairy", f.Rate("unknown", 4_000, 320), f.Rate("north", 21_000, 6_300), 0.22, 0.2667),
            f.RateGap("age", "winback", f.Rate("61..99", 5_000, 300), f.Rate("31..60", 26_000, 2_400), 0.0323, 0.65),
        ),
        guarantees=(
            f.Checked("nobody underage is offered wine", True, "policy.nba", 60, 1_200, 0, ()),
            f.Checked("never after a complaint", True, "policy.nba", 64, 800, 2, ("C00017", "C09123")),
        ),
    )  # fmt: skip


def changes() -> f.Changes:
    went = (
        f.Move("discount_dairy", "basket_coupon", 1_400),
        f.Move(f.NOTHING, "winback", 900),
        f.Move("winback", f.NOTHING, 210),
        f.Move("newsletter", "discount_dairy", 33),
    )
    stayed = tuple(f.Move(name, name, n - 1_000) for name, n in WINNERS.items() if n > 1_000)
    changed = sum(move.people for move in went)
    stayed += (f.Move(f.NOTHING, f.NOTHING, PEOPLE - changed - sum(m.people for m in stayed)),)
    causes = (
        f.Cause("rule loosened", "old", "winback via email", "eligible", "churn_risk > 50%", "winback", "offers.nba", 31, 1_133, went[1:2] + went[3:]),
        f.Cause("score", "new", "basket_coupon via push", "", "", "", "", 0, 1_200, (f.Move("discount_dairy", "basket_coupon", 1_200),)),
        f.Cause("limit", "new", "winback via email", "limit", "2 per customer per 7 days", "group promotional", "policy.nba", 12, 210, went[2:3]),
    )  # fmt: skip
    gains = (
        f.Gain("discount_dairy", 10_577, 9_210, 33, 1_400),
        f.Gain("basket_coupon", 6_080, 7_480, 1_400, 0),
        f.Gain("winback", 2_435, 3_125, 900, 210),
        f.Gain("newsletter", 45, 12, 0, 33),
        f.Gain("recipe_of_the_week", 0, 0, 0, 0),
    )
    varied = (
        f.Move("winback via email", "winback via push", 400),
        f.Move('newsletter via email "short"', 'newsletter via email "long"', 12),
    )
    varied_causes = (
        f.Cause("score", "new", "winback via push", "", "", "", "", 0, 400, varied[:1]),
        f.Cause("experiment changed", "new", "", "", "tone", "", "", 0, 12, varied[1:]),
    )
    groups = (
        f.ChangedGroup(
            "region", "south", 15_000, 1_900, (5_900, 6_300), (6_500, 6_900), (51_000.0, 53_700.0)
        ),
        f.ChangedGroup("age", "18..30", 9_000, 700, (3_500, 3_600), (3_900, 3_960), (30_000.0, 30_600.0)),
    )
    limits = (
        f.LimitChange("2 per customer per 7 days", limit_use("2 per customer per 7 days", 21_000, None, None), limit_use("2 per customer per 7 days", 22_000, None, None)),
        f.LimitChange("5,000 per day", None, limit_use("5,000 per day", 4_990, 10, 5_000)),
    )  # fmt: skip
    return f.Changes(changed, 412, (*went, *stayed), causes, varied, varied_causes, gains, limits, groups)


def simulation() -> f.Simulation:
    """One policy over everybody."""
    return f.Simulation("customers.parquet", "2026-11-10 09:00", 0, 3.2, None, (), figures())


def against() -> f.Simulation:
    """Two policies over a sample."""
    old = replace(figures(hash="51aa0e93c47d2f18"), decided=19_137, contacts=21_100, score=158_000.0)
    return replace(
        simulation(),
        sample=f.Sample(PEOPLE, 1_000_000, 7, 0.0049),
        notes=("limits count what was decided in this simulation alone: there is no history",),
        old=old,
        changes=changes(),
    )


WEIRD = '<script>alert("x")</script> & ${7*7} {{ 7 }} </style> ' + "Ü" * 80


def weird() -> f.Simulation:
    """Names that nobody should choose, wherever names can stand."""
    base = against()
    assert base.changes is not None
    strange = replace(
        base.new,
        policy=WEIRD,
        title=WEIRD,
        actions=tuple(replace(part, name=f"{WEIRD}{n}") for n, part in enumerate(base.new.actions)),
        funnels=tuple(replace(each, candidate=f"{WEIRD}{n}") for n, each in enumerate(base.new.funnels)),
        histograms=tuple(replace(each, action=f"{WEIRD}{n}") for n, each in enumerate(base.new.histograms)),
        limits=tuple(replace(each, name=WEIRD, said=WEIRD) for each in base.new.limits),
        segments=tuple(
            replace(
                s, field=WEIRD, groups=tuple(replace(g, value=f"{n}{WEIRD}") for n, g in enumerate(s.groups))
            )
            for s in base.new.segments
        ),
        gaps=tuple(replace(gap, field=WEIRD, action=WEIRD) for gap in base.new.gaps),
        guarantees=tuple(replace(each, name=WEIRD, examples=(WEIRD,)) for each in base.new.guarantees),
    )
    moves = tuple(replace(m, old=WEIRD if m.old == "winback" else m.old) for m in base.changes.moves)
    causes = tuple(replace(c, reason=WEIRD, candidate=WEIRD) for c in base.changes.causes)
    return replace(
        base,
        profiles=WEIRD,
        notes=(WEIRD,),
        new=strange,
        changes=replace(base.changes, moves=moves, causes=causes),
    )


def many(actions: int = 200) -> f.Simulation:
    """A policy of many actions, each with its limit and its group."""
    base = against()
    assert base.changes is not None
    names = [f"offer_number_{n:03}_of_the_catalogue" for n in range(actions)]
    people = [PEOPLE // (2 + n) // 3 for n in range(actions)]
    parts = tuple(f.Part(name, n, n, 2.0 * n) for name, n in zip(names, people, strict=True))
    decided = sum(people)
    shape = (1, 2, 4, 8, 4, 2, 1, 1)
    new = replace(
        base.new,
        decided=decided,
        actions=parts,
        funnels=tuple(funnel(f"{name} via email", n) for name, n in zip(names, people, strict=True)),
        histograms=tuple(
            f.Histogram(name, n, 4.0, tuple(map(float, range(9))), tuple(n * s // 23 for s in shape))
            for name, n in zip(names, people, strict=True)
        ),
        limits=tuple(limit_use(f"{n} per day", n, 0, n + 1) for n in range(actions)),
        segments=(
            f.Segments("city", False, tuple(group(f"city {n}", 200, n / actions) for n in range(actions))),
        ),
        gaps=tuple(
            f.RateGap("city", name, f.Rate("a", 200, 1), f.Rate("b", 200, 100), 0.495, 0.01) for name in names
        ),
    )
    moves = tuple(f.Move(old, new, 3) for old in names[:60] for new in names[20:70])
    changed = sum(move.people for move in moves if move.old != move.new)
    causes = tuple(
        f.Cause(
            "rule added", "new", name, "exclude", f"because of {name}", name, "policy.nba", n, 40, moves[:3]
        )
        for n, name in enumerate(names)
    )
    gains = tuple(f.Gain(name, n, n + 5, 5, 0) for name, n in zip(names, people, strict=True))
    made = replace(base.changes, changed=changed, moves=moves, causes=causes, gains=gains)
    return replace(base, new=new, changes=made)


def scores() -> f.Simulation:
    """Scores that are all alike, very near to each other, below zero, and too far apart for a difference."""
    base = simulation()
    histograms = (
        f.Histogram("alike", 5, 8.0, (8.0, 8.0), (5,)),
        f.Histogram("nothing", 5, 0.0, (0.0, 0.0), (5,)),
        f.Histogram("near", 5, 1e-12, (0.0, 1e-12, 2e-12), (2, 3)),
        f.Histogram("below", 5, -3.0, (-5.0, -3.0, -1.0), (2, 3)),
        f.Histogram("far", 5, 1e300, (-1e308, 0.0, 1e308), (2, 3)),
    )
    return replace(base, new=replace(base.new, histograms=histograms))


def of_people(people: int) -> f.Simulation:
    """Nobody, or one person, who gets the first action; no limits, guarantees or segments."""
    parts = tuple(f.Part(name, people if n == 0 else 0, people if n == 0 else 0, 8.0 * people * (n == 0))
                  for n, name in enumerate(ACTIONS))  # fmt: skip
    bare = f.Figures(
        policy="grocer", title="", hash="9f2c41d07be85a36", people=people, decided=people, contacts=people,
        score=8.0 * people, mean_score=8.0 if people else None, actions=parts, channels=(), contents=(), nothing=(),
        closest=(), rejected=(), funnels=tuple(funnel(a, people if n == 0 else 0, people) for n, a in enumerate(ACTIONS)),
        stoppers=(), histograms=(f.Histogram(ACTIONS[0], people, 8.0, (7.5, 8.5), (people,)),) if people else (),
        limits=(), unknown_rules=(), unknown_fields=(), undefined=(), segments=(), burden=(f.Burden(1, people),) if people else (),
        gaps=(), guarantees=(),
    )  # fmt: skip
    same = f.Changes(
        0, 0, (f.Move(ACTIONS[0], ACTIONS[0], people),) if people else (), (), (), (), (), (), ()
    )
    return f.Simulation("few.csv", "2026-11-10 09:00", 0, 0.1, None, (), bare, bare, same)


def arms() -> Arms:
    """A policy and two control policies, of which one has no propensities."""

    def arm(name: str, score: float, accepted: float | None, lost: int) -> Arm:
        shares = tuple(Share(action, max(0, n - lost)) for action, n in WINNERS.items())
        decided = sum(share.people for share in shares)
        changed = 0 if name == "full" else 3 * lost
        return Arm(name, PEOPLE, decided, decided + 100, shares, score, 0, accepted, changed, lost // 2,
                   (limit_use("5,000 per day", 4_990 - lost, 10, 5_000),))  # fmt: skip

    made = (
        arm("full", 163_500.0, 412.5, 0),
        arm("no boosts", 150_420.0, 430.25, 40),
        arm("random eligible", 60_010.0, None, 900),
    )
    left_out = {"propensity only": "<b>recipe_of_the_week</b> has no propensity"}
    return Arms("grocer", "EUR", "customers.parquet", "2026-11-10 09:00", 0, None, ("what must be known",), made, left_out)  # fmt: skip


def days(runs: int = 12, without_limits: bool = True) -> Days:
    """Runs a week apart, with fewer contacts in each; without limits there are as many as there can be."""

    def day(number: int, contacts: int) -> Day:
        shares = tuple(Share(name, contacts * n // 20_000) for name, n in WINNERS.items())
        burden = tuple(f.Burden(n, PEOPLE // (number + 2)) for n in range(number + 2))
        limits = (
            limit_use("5,000 per day", min(contacts, 5_000), 0, 5_000),
            limit_use("1 per month", contacts, None, None),
        )
        return Day(f"2026-11-{10 + number} 09:00 Europe/Berlin", PEOPLE, contacts, contacts, shares, 8.0 * contacts, (), limits,
                   (Share("accepted", contacts // 50),), burden)  # fmt: skip

    limited = tuple(day(number, 20_000 - 1_500 * number) for number in range(runs))
    free = tuple(day(number, 20_000) for number in range(runs)) if without_limits else None
    return Days(
        "grocer",
        "EUR",
        "customers.parquet",
        7,
        0,
        None,
        ("accepted with propensity",),
        (WEIRD,),
        limited,
        free,
    )


MADE: dict[str, Callable[[], f.Simulation | Arms | Days]] = {
    "alone": simulation,
    "against": against,
    "weird": weird,
    "many": many,
    "scores": scores,
    "nobody": lambda: of_people(0),
    "one": lambda: of_people(1),
    "arms": arms,
    "days": days,
    "one day": lambda: days(1, False),
    "extreme": lambda: extreme_simulations.simulation("huge"),
    "extreme arms": lambda: extreme_simulations.arms("large"),
}
"""All of them, by name."""
