"""Promises about limits: `at most 3 promotional per customer per 7 days` follows from the limits, or it does not.

Every candidate of the scope that can be decided must be under a limit that counts what it decides, by the same subject
or by everybody, in windows that hold those of the promise; the numbers of the limits that are needed together must not
exceed the promised one. The contacts that happened before were decided by this policy, so they kept its limits as well.
A promise is refuted by a customer with such a history, after whose decision there are too many. Of a household, or of
everybody, it may be the history of others as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import z3

from nbadsl.lint.facts import declared_facts
from nbadsl.program.limits import DECIDED, Window
from nbadsl.program.nodes import BUDGET, AtMost, Expr, Limit, Literal, Parameter, Program
from nbadsl.prove.answers import PROVED, REFUTED, UNKNOWN, Answer, answer
from nbadsl.prove.customer import Contact, Customer, Replay, Who
from nbadsl.prove.guarantees import example_of, judged
from nbadsl.prove.plainer import plainer
from nbadsl.prove.search import Found, Search
from nbadsl.prove.subject import Subject
from nbadsl.prove.values import both
from nbadsl.prove.windows import touched
from nbadsl.types import DAY, HOUR, LONGEST_DAYS
from nbadsl.zone import zone

_MOST_CONTACTS = 40


@dataclass(frozen=True, slots=True)
class Bound:
    """What a limit allows: at most `count` contacts of some candidates in one window of the promise."""

    limit: Limit
    of: frozenset[int]
    count: int


def prove(search: Search, subject: Subject, number: int, free_parameters: bool = False) -> Answer:
    """One of a policy's promises about limits."""
    program = subject.program
    promise, node = program.at_most[number], subject.model.at_most[number]
    place = promise.origin
    possible = [n for n in promise.among if search.exists(search.choosing[0].allowed(n)) is not False]
    bounds = [
        bound for limit in program.limits if (bound := bound_of(program, promise, limit, free_parameters))
    ]
    family = smallest(bounds, possible)
    least = None if family is None else sum(bound.count for bound in family)
    if family is not None and least is not None and least <= promise.count:
        said = "nothing of it can be decided"
        if family:
            said = "follows from " + " and ".join(f"`{b.limit.stage} {b.limit.name}`" for b in family)
        return answer("guarantee", promise.name, PROVED, said, span=place)
    replay = search.replays[0]
    for candidate in possible:
        found = _exceeding(search, replay, promise, [candidate, *(n for n in possible if n != candidate)])
        if found is not None:
            plain = plainer(replay, found, lambda each: exceeds(replay, promise, each))
            title, expects = f"{promise.name}: broken", [f"expect no {node.scope.text}"]
            example = example_of(subject, replay, plain, title, expects)
            said = f"{count(replay, promise, plain)} of it, where at most {promise.count} are promised"
            return answer("guarantee", promise.name, REFUTED, said, example=example, span=place)
    why = (
        "no limit bounds it"
        if least is None
        else f"the limits together allow {least}, and no history was found"
    )
    return answer("guarantee", promise.name, UNKNOWN, "could not be told", why=why, span=place)


# --- what limits allow ------------------------------------------------------------------------------


def bound_of(program: Program, promise: AtMost, limit: Limit, free_parameters: bool) -> Bound | None:
    """What a limit does for a promise; None where it does nothing."""
    if limit.contacts.outcome != DECIDED or not _same_subject(program, promise, limit):
        return None
    rests = limit.pause is not None
    if limit.pause is not None and limit.pause.count > 1:
        return None
    window = Window(limit.pause.length) if limit.pause is not None else limit.window
    windows = touched(promise.window, window, zone(program.timezone))
    most = 1.0 if rests else _most(program, limit, free_parameters)
    if windows is None or math.isinf(most):
        return None
    return Bound(limit, frozenset(limit.binds) & frozenset(limit.takes), windows * max(0, math.floor(most)))


def _same_subject(program: Program, promise: AtMost, limit: Limit) -> bool:
    """Whether what a limit counts together holds all that the promise does: the same subject's, or everybody's.

    A field of the context may be another one in every request, so it counts with nothing but itself."""
    return limit.subject is None or limit.subject == promise.subject


def _most(program: Program, limit: Limit, free_parameters: bool) -> float:
    """The highest number that a limit can have."""
    if limit.stage != BUDGET:
        return math.inf if limit.most is None else _bounds(program, limit.most, free_parameters)[1]
    if limit.most is None or limit.each is None:
        return math.inf
    (_, most), (each, _) = (_bounds(program, e, free_parameters) for e in (limit.most, limit.each))
    return most / each if each > 0 else math.inf


def _bounds(program: Program, expr: Expr, free_parameters: bool) -> tuple[float, float]:
    """Between which numbers an expression of parameters and context lies."""
    if isinstance(expr, Literal):
        value = expr.value
        return (float(value), float(value)) if isinstance(value, float) else (-math.inf, math.inf)
    settled = (
        program if free_parameters else replace(program, parameters=tuple(map(_settled, program.parameters)))
    )
    found = declared_facts(settled).renewed().number(expr)
    return found.low, found.high


def _settled(parameter: Parameter) -> Parameter:
    """A parameter whose range are the values that it is declared to have."""
    values = [
        v for v in (parameter.input.default, *(c.value for c in parameter.changes)) if isinstance(v, float)
    ]
    if not values:
        return parameter
    return replace(parameter, input=replace(parameter.input, low=min(values), high=max(values)))


def smallest(bounds: list[Bound], candidates: list[int]) -> list[Bound] | None:
    """The bounds of the smallest sum that hold for all of some candidates together; None where none do."""
    if not candidates:
        return []
    chosen = [z3.Bool(f"bound {n}") for n in range(len(bounds))]
    optimize = z3.Optimize()
    optimize.set("timeout", 5000)
    for candidate in candidates:
        optimize.add(z3.Or([c for c, bound in zip(chosen, bounds, strict=True) if candidate in bound.of]))
    optimize.minimize(
        z3.Sum([z3.If(c, bound.count, 0) for c, bound in zip(chosen, bounds, strict=True)])
        if bounds
        else z3.IntVal(0)
    )
    for c in chosen:
        optimize.add_soft(z3.Not(c))
    if optimize.check() != z3.sat:
        return None
    model = optimize.model()
    return [
        b for c, b in zip(chosen, bounds, strict=True) if z3.is_true(model.evaluate(c, model_completion=True))
    ]


# --- a history that is too much ---------------------------------------------------------------------


def exceeds(replay: Replay, promise: AtMost, customer: Customer) -> bool:
    """Whether a decision makes too many contacts: the definition."""
    decision = replay.decide(customer)
    decided = any(choice.candidate in promise.among for choice in decision.chosen)
    return decided and count(replay, promise, customer) > promise.count and replay.kept_limits(customer)


def count(replay: Replay, promise: AtMost, customer: Customer) -> int:
    """How many contacts there are in the window of the promise, with those that are decided now."""
    value = (customer.row | customer.context).get(promise.subject or "")
    if promise.subject is not None and value is None:
        return 0
    since = replay.since(customer, promise.window)
    before = sum(
        each.outcome == DECIDED
        and each.candidate in promise.among
        and each.at <= customer.now
        and (since is None or each.at > since)
        for each in customer.contacts
    )
    return before + sum(choice.candidate in promise.among for choice in replay.decide(customer).chosen)


def _exceeding(search: Search, replay: Replay, promise: AtMost, candidates: list[int]) -> Customer | None:
    """A customer who is decided the first one of some candidates although there are too many contacts of them already."""
    candidate = candidates[0]
    found = search.ask(
        both(search.choosing[0].may(candidate), search.of[0].is_known(promise.subject)),
        lambda sketch: judged(replay, sketch, lambda each: candidate in _done(replay, each)),
        seconds=search.seconds / 2,
    )
    if not isinstance(found, Found):
        return None
    for moments in _moments(replay, promise, found.what):
        full = _filled(replay, promise, found.what, candidates, moments)
        if full is not None:
            return full
    return None


def _done(replay: Replay, customer: Customer) -> set[int]:
    return {choice.candidate for choice in replay.decide(customer).chosen}


def _moments(replay: Replay, promise: AtMost, customer: Customer) -> Iterator[list[int]]:
    """When contacts may have happened in the window of the promise: recently, at its beginning, all over it."""
    now, since = int(customer.now), replay.since(customer, promise.window)
    hour, day = int(HOUR), int(DAY)
    first = now - 400 * day if since is None else since + 1
    longest = int(LONGEST_DAYS["year"] * DAY)
    early = max(first, now - longest)
    spread = [early + (now - early) * part // 12 for part in range(12)]
    for moments in ([now - hour], [now - 25 * hour], [early + hour], [early], spread, list(reversed(spread))):
        yield [moment for moment in moments if first <= moment <= now]


def _filled(
    replay: Replay, promise: AtMost, customer: Customer, candidates: list[int], moments: list[int]
) -> Customer | None:
    """The customer with as many contacts as are too many, if the first candidate is decided all the same."""
    while count(replay, promise, customer) <= promise.count:
        more = (
            replace(customer, contacts=(*customer.contacts, Contact(each, DECIDED, moment, who)))
            for who in _people(replay, promise, customer)
            for each in candidates
            for moment in moments
        )
        added = next((m for m in more if candidates[0] in _done(replay, m) and replay.kept_limits(m)), None)
        if added is None or len(added.contacts) > _MOST_CONTACTS:
            return None
        customer = added
    return customer if exceeds(replay, promise, customer) else None


def _people(replay: Replay, promise: AtMost, customer: Customer) -> list[Who]:
    """Whose contacts a promise counts: the customer's, those of others who have some, and of one more."""
    if promise.subject == replay.program.key:
        return [()]
    others = list(dict.fromkeys(contact.who for contact in customer.contacts if contact.who))
    return [(), *others, replay.another(customer, len(others) + 1, promise.subject)]
