"""Model to program: candidates, rules, tiers and scores, spelled out.

Takes a model without errors; gives the program that both engines run. Each action becomes one candidate
for every channel, content and slot; each candidate carries the rules of its groups, its action, its channel
and its content, in the order in which they are told.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, reduce

from nbadsl.diagnostics import Findings
from nbadsl.inputs import FACTORS
from nbadsl.program import nodes as ir
from nbadsl.program.candidates import Place, places
from nbadsl.program.env import Env
from nbadsl.program.from_limits import Limits, window_of
from nbadsl.program.from_tables import Use
from nbadsl.program.moments import Moments
from nbadsl.program.neutral import neutrals
from nbadsl.program.nodes import Expr, Program
from nbadsl.program.pool import Pool
from nbadsl.program.translate import Translator
from nbadsl.room import room
from nbadsl.semantics.fields import constant
from nbadsl.semantics.model import Fact, Model, Symbol
from nbadsl.syntax import nodes
from nbadsl.types import Money, is_numeric

EVERYTHING_ELSE = "everything else"


def from_model(model: Model, only: str = "", boosts: bool = True) -> Program:
    """The program of a policy. The model must have no errors.

    To compare a policy with others, its scores can be made of less. `only`: the factor (`propensity`, `value`, `boost`
    or `cost`) that is the score of every candidate, of the fallback as well; who does not have it has no score. `boosts`:
    whether they count."""
    with room():
        return _Builder(model, only, boosts).program()


def with_uses(model: Model) -> tuple[Program, tuple[Use, ...]]:
    """The program of a policy, and where it uses its tables."""
    with room():
        builder = _Builder(model)
        return builder.program(), tuple(builder.translator.uses)


class _Builder:
    def __init__(self, model: Model, only: str = "", boosts: bool = True) -> None:
        self.model, self.pool = model, Pool()
        self.only, self.boosts = only, boosts
        self.translator = Translator(model, self.pool)
        self.moments = Moments(model, self.translator)
        self.choices = {type(c): c for c in (model.arbitrate.choices if model.arbitrate else ())}
        self.lines = model.priority.lines if model.priority else ()
        self.uniform: dict[nodes.Expr, Expr] = {}

    def program(self) -> Program:
        model, settings = self.model, self.model.settings
        found = [place for scope in model.scopes_of("action") for place in places(model, scope)]
        self.limits = Limits(model, self.translator, found)
        assert model.profile is not None
        return Program(
            name=settings.name,
            title=settings.title,
            owner=settings.owner,
            timezone=settings.timezone,
            currency=settings.currency,
            week_start=settings.week_start,
            profile=model.profile.name.text,
            key=model.profile.key.text,
            inputs=tuple(s.input for s in model.of_kind("field") if s.input),
            context=tuple(s.input for s in model.of_kind("context") if s.input),
            parameters=tuple(self._parameters()),
            candidates=tuple(self._candidate(place) for place in found),
            tiers=tuple(self._tier_names()),
            arbitration=self._arbitration(),
            holdouts=tuple(self._holdouts()),
            experiments=tuple(self._experiments()),
            explore=self._explore(found),
            guarantees=tuple(self._guarantees(found)),
            limits=self.limits.limits,
            at_most=tuple(self._at_most(found)),
            former=tuple(
                ir.Former(scope.kind, scope.name.text, tuple(was.text for was in scope.was))
                for scope in model.scopes.values()
                if scope.was
            ),
        )

    def _parameters(self) -> Iterator[ir.Parameter]:
        settings = self.model.settings
        for symbol in self.model.of_kind("parameter"):
            assert symbol.input is not None
            changes = []
            for change in symbol.node.changes:
                value = constant(change.value, symbol.input.type, settings, Findings(), "")
                changes.append(ir.Change(float(change.start.day), value))
            yield ir.Parameter(symbol.input, tuple(changes))

    # --- candidates ---

    def _candidate(self, place: Place) -> ir.Candidate:
        action = place.action
        env = Env(
            facts={
                "channel": place.channel or "",
                "content": place.content or "",
                "slot": place.slot or "now",
            }
        )
        is_fallback = action.name.text == self._fallback()
        send_at = self.moments.send_at(place)
        return ir.Candidate(
            action=action.name.text,
            channel=place.channel,
            content=place.content,
            slot=place.slot,
            groups=tuple(g.name.text for g in place.groups),
            active=self._active(place),
            rules=(*self._rules(place, env), *self.moments.quiet(place, send_at), *self.limits.rules(place)),
            send_at=send_at,
            tiers=tuple(self._tiers(place, env)),
            score=self._score(place, env) if self.only or not is_fallback else None,
            title=next((i.text.text for i in action.items if isinstance(i, nodes.Title)), ""),
            factors=() if is_fallback else tuple(self._without(place, env)),
        )

    def _fallback(self) -> str | None:
        choice = self.choices.get(nodes.Fallback)
        return choice.action.text if isinstance(choice, nodes.Fallback) else None

    def _active(self, place: Place) -> Expr | None:
        return self.moments.during([i.period for i in place.items() if isinstance(i, nodes.Active)])

    def _rules(self, place: Place, env: Env) -> Iterator[ir.Rule]:
        for stage in (ir.REQUIRE, ir.ELIGIBLE, ir.EXCLUDE):
            for holder, items in place.layers():
                for item in items:
                    if isinstance(item, nodes.Rule) and item.stage == stage:
                        yield self._rule(item, holder, env)
            # The condition of a content binds the fallback as well, which nothing but requirements do.
            binds = ir.REQUIRE if place.action.name.text == self._fallback() else ir.ELIGIBLE
            if stage == binds and place.when is not None:
                when = self.translator.translate(place.when, env)
                reason = f'content "{place.content}" when {place.when.span.words}'
                scope = f'content "{place.content}"'
                yield ir.Rule(stage, when, False, reason, scope, origin=place.when.span)

    def _rule(self, rule: nodes.Rule, scope: str, env: Env) -> ir.Rule:
        word = rule.unknown.text if rule.unknown else ""
        reason = rule.because.text if rule.because else rule.when.span.words
        when = self._condition(rule.when, env)
        return ir.Rule(rule.stage, when, word in ("passes", "keeps"), reason, scope, origin=rule.span)

    def _condition(self, expr: nodes.Expr, env: Env) -> Expr:
        """A condition; translated once for all candidates when it asks nothing about one."""
        info = self.model.infos.get(expr)
        if info is None or info.of_candidate:
            return self.translator.translate(expr, env)
        if expr not in self.uniform:
            self.uniform[expr] = self.translator.translate(expr, env)
        return self.uniform[expr]

    def _tiers(self, place: Place, env: Env) -> Iterator[ir.Tier]:
        for rank, line in enumerate(self.lines):
            if line.scope is not None and not self.model.within(line.scope.text, place.action):
                continue
            when = self._condition(line.when, env) if line.when is not None else None
            yield ir.Tier(rank, when)
            if when is None:
                return
        yield ir.Tier(len(self.lines), None)

    def _tier_names(self) -> Iterator[str]:
        for line in self.lines:
            yield line.span.words
        if not any(line.scope is None for line in self.lines):
            yield EVERYTHING_ELSE

    # --- the score ---

    def _score(self, place: Place, env: Env) -> Expr | None:
        if self.only:
            return self._factors(place, env)[self.only]
        score = self.choices.get(nodes.Score)
        if not isinstance(score, nodes.Score):
            return self.translator.number(0)
        given = {name: factor for name, factor in self._factors(place, env).items() if factor is not None}
        return self.translator.translate(score.value, Env(facts=env.facts, factors=given))

    def _factors(self, place: Place, env: Env) -> dict[str, Expr | None]:
        return {
            "propensity": self._innermost("propensity", place, env),
            "value": self._innermost("value", place, env),
            "boost": self._boost(place, env),
            "cost": self._cost(place, env),
        }

    def _without(self, place: Place, env: Env) -> Iterator[ir.Factor]:
        """The score without each of its factors, boosts one by one, and without each parameter that it names."""
        if self.neutrals is None:
            return
        score, uses = self.neutrals
        given = {name: factor for name, factor in self._factors(place, env).items() if factor is not None}

        def without(name: str, factor: str, neutral: Expr) -> ir.Factor:
            env_without = Env(facts=env.facts, factors={**given, factor: neutral})
            return ir.Factor(name, self.translator.translate(score, env_without))

        for name, neutral in uses.items():
            if name != "boost":
                yield without(name, name, neutral)
                continue
            for holder, items in place.layers():
                for boost in items:
                    if isinstance(boost, nodes.Boost):
                        left = self._boost(place, env, boost)
                        yield without(f"{boost.span.words} ({holder})", name, left)

    @cached_property
    def neutrals(self) -> tuple[nodes.Expr, dict[str, Expr]] | None:
        """The score as it is written, and what stands for each of its factors when it is taken out."""
        score = self.choices.get(nodes.Score)
        if not isinstance(score, nodes.Score):
            return None
        found: dict[str, Expr] = {}
        for reference, number in neutrals(score.value).items():
            match self.model.uses[reference]:
                case Fact(name) if name in FACTORS:
                    pass
                case Symbol(kind="parameter", name=name):
                    pass
                case _:
                    continue
            type = self.model.infos[reference].type
            if is_numeric(type):
                found.setdefault(name, self.translator.number(number, type))
        return score.value, found

    def _innermost(self, kind: str, place: Place, env: Env) -> Expr | None:
        found = [i for i in place.items() if isinstance(i, nodes.Factor) and i.kind == kind]
        return self.translator.translate(found[-1].value, env) if found else None

    def _boost(self, place: Place, env: Env, without: nodes.Boost | None = None) -> Expr:
        """The product of the boosts that hold; one whose condition is unknown does not."""
        pool, one = self.pool, self.translator.number(1)
        product: Expr | None = None
        for item in place.items():
            if not isinstance(item, nodes.Boost) or item is without or not self.boosts:
                continue
            factor = self.translator.translate(item.value, env)
            if item.when is not None:
                when = self.translator.translate(item.when, env)
                settled = pool.or_else(when, pool.no()) if when.unknown else when
                factor = pool.choose(settled, factor, one, item.span)
            product = factor if product is None else pool.arithmetic("mul", product, factor, origin=item.span)
        return product or one

    def _cost(self, place: Place, env: Env) -> Expr:
        currency = Money(self.model.settings.currency)
        costs = [
            self.translator.translate(i.value, env)
            for i in place.items()
            if isinstance(i, nodes.Factor) and i.kind == "cost"
        ]
        if not costs:
            return self.pool.literal(0.0, currency)
        return reduce(lambda a, b: self.pool.arithmetic("add", a, b, type=currency), costs)

    # --- choosing ---

    def _arbitration(self) -> ir.Arbitration:
        threshold, pick = self.choices.get(nodes.Threshold), self.choices.get(nodes.Pick)
        return ir.Arbitration(
            threshold=self.translator.translate(threshold.value, Env())
            if isinstance(threshold, nodes.Threshold)
            else None,
            pick=int(pick.count.value) if isinstance(pick, nodes.Pick) else 1,
            most=tuple(ir.Most(int(m.count.value), m.by.text) for m in pick.most)
            if isinstance(pick, nodes.Pick)
            else (),
            fallback=self._fallback(),
        )

    def _holdouts(self) -> Iterator[ir.Holdout]:
        for holdout in self.model.holdouts:
            name = holdout.name.text
            active = self.moments.during([holdout.period]) if holdout.period else None
            seed = holdout.seed.text if holdout.seed else name
            yield ir.Holdout(name, holdout.share.value, holdout.by.text, seed, active)

    def _experiments(self) -> Iterator[ir.Experiment]:
        for symbol in self.model.of_kind("experiment"):
            node = symbol.node
            seed = node.seed.text if node.seed else symbol.name
            arms = tuple((a.name.text, a.share.value) for a in node.arms)
            yield ir.Experiment(symbol.name, node.by.text, seed, arms)

    def _explore(self, found: list[Place]) -> ir.Explore | None:
        explore = self.model.explore
        if explore is None:
            return None
        scope = explore.among.text if explore.among else None
        among = tuple(i for i, p in enumerate(found) if self._competes(p) and self._in_scope(p, scope))
        return ir.Explore(explore.share.value, among)

    def _competes(self, place: Place) -> bool:
        return place.action.name.text != self._fallback()

    def _in_scope(self, place: Place, scope: str | None) -> bool:
        return scope is None or place.channel == scope or self.model.within(scope, place.action)

    def _guarantees(self, found: list[Place]) -> Iterator[ir.Guarantee]:
        for guarantee in self.model.guarantees:
            among = tuple(i for i, p in enumerate(found) if self._in_scope(p, guarantee.scope.text))
            when = self.translator.translate(guarantee.when, Env())
            yield ir.Guarantee(guarantee.title.text, guarantee.never, among, when, guarantee.span)

    def _at_most(self, found: list[Place]) -> Iterator[ir.AtMost]:
        for promise in self.model.at_most:
            among = tuple(i for i, p in enumerate(found) if self._in_scope(p, promise.scope.text))
            subject, window = self.limits.subject(promise.subject), window_of(promise.window)
            count = int(promise.count.value)
            yield ir.AtMost(promise.title.text, count, among, subject, window, promise.span)
