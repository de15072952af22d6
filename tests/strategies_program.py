"""Hypothesis strategies for whole programs and for the people they decide.

`programs()` gives well-typed programs straight from a pool, `populations(program)` rows that fit a
program's inputs, `runs(program)` what a run brings, and `cases()` all of it with a seed. Two engines
that agree on every case agree on the language.

The idea: a policy is grown as an author would write one (groups with rules, actions in them, channels,
contents, slots), then spelled out into candidates, so that candidates share rules, tiers and scores as
real ones do. Scores are often constants, so ties are common; rules are often yes, so that the ranking
has something to rank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st
from strategies_expression import (
    CONTEXT,
    EUR,
    FIELDS,
    NOON,
    PARAMETERS,
    TODAY,
    Draw,
    Grower,
    arm_type,
    fitting,
    values,
)

from nbadsl.program.givens import givens
from nbadsl.program.nodes import (
    ELIGIBLE,
    EXCLUDE,
    LIMITING,
    QUIET,
    REQUIRE,
    STAGES,
    Arbitration,
    Candidate,
    Change,
    Contacts,
    Experiment,
    Explore,
    Expr,
    Holdout,
    Input,
    Limit,
    Most,
    Parameter,
    Program,
    Rule,
    Tier,
    Value,
    Window,
)
from nbadsl.program.pool import Pool
from nbadsl.types import DATE, DAY, FLAG, INTEGER, NUMBER, TEXT, TIME, Type

Row = dict[str, Value]

ZONES = ("Europe/Berlin", "UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "Australia/Lord_Howe")
SHARES = ((0.5, 0.5), (0.5, 0.25, 0.25), (1 / 3, 1 / 3, 1 / 3), (0.1, 0.2, 0.7), (1.0,))
ARMS = ("control", "lower", "higher")
KEYS = ("c1", "c2", "", "é", "🦄", "a b", "8952klfjas09ujkasdf", "x\x00")


@dataclass(frozen=True)
class Case:
    """What both engines are asked: decide these rows with this program, run and seed."""

    program: Program
    rows: list[Row]
    given: Row
    seed: int


class Author(Grower):
    """Grows a program around expressions. `run`: a grower that reads givens only."""

    def __init__(self, draw: Draw) -> None:
        self.pool = pool = Pool()
        super().__init__(draw, pool, ())
        self.key = Input("customer_id", self.one((TEXT, INTEGER)), column="customer_id")
        self.inputs = (self.key, Input("household", self.one((TEXT, INTEGER))), *self.some(FIELDS, 3, 9))
        self.context = self.some(CONTEXT, 0, 3)
        self.parameters = tuple(Parameter(i, self.changes(i)) for i in self.some(PARAMETERS, 0, 3))
        self.experiments = tuple(
            self.experiment(name) for name in ("price", "tone")[: self.one((0, 0, 1, 2))]
        )
        self.adopt()

    def some(self, inputs: tuple[Input, ...], low: int, high: int) -> tuple[Input, ...]:
        """A few inputs in their order, some of them made optional."""
        first, count = self.one(range(len(inputs))), self.one(range(low, high + 1))
        chosen = (inputs + inputs)[first : first + min(count, len(inputs))]
        return tuple(
            replace(i, column=i.name, optional=not i.never and i.default is None and self.chance(40))
            for i in chosen
        )

    def changes(self, input: Input) -> tuple[Change, ...]:
        days = (TODAY, TODAY + 1, TODAY - 30)[: self.one((0, 1, 2, 3))]
        return tuple(Change(day, self.one(fitting(input))) for day in sorted(days))

    def experiment(self, name: str) -> Experiment:
        shares = self.one(SHARES)
        arms = tuple(zip(ARMS, shares, strict=False))
        return Experiment(name, self.one(("customer_id", "household")), self.one((name, "sé🦄d")), arms)

    def adopt(self) -> None:
        """Make every input a leaf of the expressions."""
        pool = self.pool
        run: list[Expr] = [pool.given("now", TIME), pool.given("today", DATE)]
        run += [pool.given(p.input.name, p.input.type) for p in self.parameters]
        run += [pool.given(i.name, i.type, i.optional) for i in self.context]
        people: list[Expr] = [pool.column(i.name, i.type, i.optional or i.never) for i in self.inputs]
        people += [pool.arm(e.name, arm_type(e)) for e in self.experiments]
        for leaf in [*people, *run]:
            self.leaves.setdefault(leaf.type, []).append(leaf)
        self.run = Grower(self.draw, pool, run)

    # --- parts of a policy ---

    def condition_of_run(self) -> Expr | None:
        return self.run.grow(FLAG, 2) if self.chance(30) else None

    def rules(self, scope: str, most: int) -> tuple[Rule, ...]:
        """A few rules; most let most people pass."""
        rules = []
        for number in range(self.one((0, *range(most + 1)))):
            stage = self.one((ELIGIBLE, EXCLUDE, REQUIRE, QUIET))
            when = self.rule()
            if stage in (EXCLUDE, QUIET) and self.chance(70):
                when = self.pool.negate(when)
            passes = stage != REQUIRE and self.chance(40)
            rules.append(Rule(stage, when, passes, f"{scope} {number}", scope))
        return tuple(rules)

    def score(self, type: Type) -> Expr:
        return self.grow(type, self.one((0, 1, 2, 2, 3)))

    def candidates(self, fallback: str | None) -> tuple[Candidate, ...]:
        """Groups, channels and actions, spelled out."""
        groups: dict[tuple[str, ...], tuple[Rule, ...]] = {(): ()}
        for path in (("promo",), ("promo", "retention"), ("service",)):
            groups[path] = groups.get(path[:-1], ()) + self.rules(path[-1], 1)
        channels = {name: self.rules(name, 1) for name in ("email", "push")}
        lines = self.tier_lines()
        score_type = self.one((NUMBER, NUMBER, EUR))
        found: list[Candidate] = []
        for number in range(self.one((1, 2, 3, 3, 4)) + (fallback is not None)):
            name = f"a{number}"
            group = self.one(tuple(groups))
            own = groups[group] + self.rules(name, 2)
            active, score = self.condition_of_run(), self.score(score_type)
            tiers = tuple(Tier(rank, when) for rank, when, names in lines if not names or name in names)
            for channel, content, slot in self.variants():
                rules = own + channels.get(channel or "", ()) + (self.rules(content, 1) if content else ())
                boosted = score if not content or self.chance(50) else self.grow(score_type, 1)
                found.append(
                    Candidate(
                        name,
                        channel,
                        content,
                        slot,
                        group,
                        active,
                        tuple(sorted(rules, key=lambda rule: STAGES.index(rule.stage))),
                        self.grow(TIME, 3) if slot == "evening" else None,
                        _settled(tiers),
                        None if name == fallback else boosted,
                    )
                )
        return tuple(found)

    def variants(self) -> tuple[tuple[str | None, str | None, str | None], ...]:
        """Channel, content and slot of an action's candidates."""
        return self.one(
            (
                ((None, None, None),),
                (("email", None, None),),
                (("email", None, None), ("push", None, None)),
                (("email", "a", None), ("email", "b", None)),
                ((None, None, "now"), (None, None, "evening")),
                (("email", "a", None), ("push", None, "now"), ("push", None, "evening")),
            )
        )

    def tier_lines(self) -> list[tuple[int, Expr | None, tuple[str, ...]]]:
        """The lines of `priority`: rank, condition, and the actions that it names (none: all)."""
        lines: list[tuple[int, Expr | None, tuple[str, ...]]] = []
        for rank in range(self.one((0, 1, 2))):
            names = self.one((("a0",), ("a1",), ("a0", "a2"), ("a0", "a1", "a2", "a3", "a4")))
            lines.append((rank, self.grow(FLAG, 2) if self.chance(60) else None, names))
        self.tiers = tuple(f"line {rank}" for rank in range(len(lines) + 1))
        return [*lines, (len(lines), None, ())]

    def arbitration(self, pick: int, fallback: str | None) -> Arbitration:
        most = {by: Most(self.one((1, 2)), by) for by in ("group", "action", "channel") if self.chance(35)}
        threshold = None
        if self.chance(40):
            threshold = (self if self.chance(20) else self.run).grow(NUMBER, self.one((0, 1)))
        return Arbitration(threshold, pick, tuple(most.values()), fallback)

    def holdouts(self) -> tuple[Holdout, ...]:
        return tuple(
            Holdout(
                name, self.one((0.05, 0.5, 0.0, 1.0)), self.one(("customer_id", "household")), name, active
            )
            for name in ("universal", "größe")[: self.one((0, 0, 1, 2))]
            for active in (self.condition_of_run(),)
        )

    def explore(self, pick: int, candidates: tuple[Candidate, ...]) -> Explore | None:
        if pick > 1 or not self.chance(40):
            return None
        among = tuple(i for i, c in enumerate(candidates) if c.score is not None and self.chance(75))
        return Explore(self.one((0.5, 0.1, 1.0, 0.0)), among)

    def limits(self, number: int, shares: bool) -> tuple[Limit, ...]:
        """Limits of some candidates. `shares`: whether what is decided takes their room."""
        stages = sorted((self.one(LIMITING) for _ in range(self.one((0, 0, 1, 2, 3)))), key=LIMITING.index)
        return tuple(
            Limit(
                stage=stage,
                name=f"{n} per day",
                scope="policy",
                room=f"room {n}",
                contacts=Contacts("decided"),
                window=Window(unit="day"),
                subject=self.one((None, "customer_id", "household")),
                unknown_passes=False,
                most=self.run.grow(NUMBER, 1),
                each=None,
                pause=None,
                binds=tuple(c for c in range(number) if self.chance(60)),
                takes=tuple(c for c in range(number) if shares and self.chance(60)),
            )
            for n, stage in enumerate(stages)
        )

    def limited(self, number: int, candidate: Candidate, limits: tuple[Limit, ...]) -> Candidate:
        """A candidate with the rules of its limits."""
        rules = list(candidate.rules)
        for limit in limits:
            if number in limit.binds:
                room = self.pool.column(limit.room, INTEGER, False)
                when = self.pool.compare(">", room, self.pool.literal(0.0, INTEGER))
                rules.append(Rule(limit.stage, when, False, limit.name, limit.scope, limit.room))
        return replace(candidate, rules=tuple(rules))

    def program(self, shares: bool) -> Program:
        fallback = "a0" if self.chance(40) else None
        pick = self.one((1, 1, 2, 3))
        candidates = self.candidates(fallback)
        limits = self.limits(len(candidates), shares)
        candidates = tuple(self.limited(n, c, limits) for n, c in enumerate(candidates))
        return Program(
            name="grown",
            title="Grown",
            owner="nobody",
            timezone=self.one(ZONES),
            currency="EUR",
            week_start=1,
            profile="customer",
            key="customer_id",
            inputs=self.inputs,
            context=self.context,
            parameters=self.parameters,
            candidates=candidates,
            tiers=self.tiers,
            arbitration=self.arbitration(pick, fallback),
            holdouts=self.holdouts(),
            experiments=self.experiments,
            explore=self.explore(pick, candidates),
            limits=limits,
        )


def _settled(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Up to the first tier without a condition: what stands after it is never reached."""
    last = next(i for i, tier in enumerate(tiers) if tier.when is None)
    return tiers[: last + 1]


@st.composite
def programs(draw: Draw, shares: bool = False) -> Program:
    """Well-typed programs. `shares`: whether what is decided takes room of limits."""
    return Author(draw).program(shares)


def _keys(input: Input) -> st.SearchStrategy[Value]:
    if input.type == INTEGER:
        return st.sampled_from((1.0, 2.0, 0.0, -5.0, float(2**53), 1e15))
    return st.sampled_from(KEYS)


@st.composite
def populations(draw: Draw, program: Program, min_size: int = 0, max_size: int = 8) -> list[Row]:
    """Rows that fit the program's inputs. Keys may repeat: engines decide rows, not keys."""
    fields = {
        i.name: _keys(i) if i.name in ("customer_id", "household") else values(i) for i in program.inputs
    }
    size = draw(st.integers(min_size, max_size))
    rows = [{name: draw(strategy) for name, strategy in fields.items()} for _ in range(size)]
    rooms: dict[tuple[str, Value], float] = {}
    for row in rows:
        for limit in program.limits:
            subject = (limit.room, row[limit.subject] if limit.subject else None)
            if subject not in rooms:
                rooms[subject] = draw(st.sampled_from((1.0, 2.0, 0.0, 1.0, 3.0, -1.0, float(2**53))))
            row[limit.room] = rooms[subject]
    return rows


@st.composite
def runs(draw: Draw, program: Program) -> Row:
    """What a run brings, as `givens` builds it: days on which clocks change and parameters change included."""
    day = draw(st.sampled_from((TODAY, TODAY + 1, TODAY - 30, 20751.0, 20541.0, 15338.0)))
    now = (
        draw(st.sampled_from((NOON, day * DAY, day * DAY + DAY - 1.0))) + draw(st.integers(-7200, 7200)) * 1e6
    )
    context = {i.name: draw(values(i)) for i in program.context if draw(st.integers(0, 4)) or not i.optional}
    overrides = {
        p.input.name: draw(st.sampled_from(fitting(p.input)))
        for p in program.parameters
        if draw(st.integers(0, 4)) == 4
    }
    return givens(program, now, parameters=overrides, context=context)


@st.composite
def cases(draw: Draw, min_size: int = 1, max_size: int = 6, shares: bool = False) -> Case:
    """A program, people, a run and a seed."""
    program = draw(programs(shares))
    rows = draw(populations(program, min_size, max_size))
    return Case(program, rows, draw(runs(program)), draw(st.integers(0, 2**64 - 1) | st.integers(0, 3)))


def case() -> st.SearchStrategy[Case]:
    """A small case: one to six people."""
    return cases()
