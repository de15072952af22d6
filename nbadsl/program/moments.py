"""When something is done: periods, the moment of a slot, quiet hours. All in expressions over now and the person's fields.

A moment is microseconds since 1970 in UTC. Clocks are read by the person's offset where a field gives it, and in
the policy's time zone otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from nbadsl.program.candidates import Place
from nbadsl.program.env import Env
from nbadsl.program.nodes import QUIET, Expr, Rule
from nbadsl.program.translate import Translator
from nbadsl.semantics.constants import end_of, instant
from nbadsl.semantics.model import Model
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import CLOCK, DATE, DAY, TIME


class Moments:
    """The moments of one policy's candidates."""

    def __init__(self, model: Model, translator: Translator) -> None:
        self.model, self.translator, self.pool = model, translator, translator.pool
        self.now: Expr = self.pool.given("now", TIME)

    # --- periods ---

    def during(self, periods: list[nodes.Period], moment: Expr | None = None) -> Expr | None:
        """Whether a moment (now, unless given) is in all periods, whose last day is included; None: always."""
        conditions = [c for period in periods for c in self._period(period, moment or self.now)]
        return reduce(self.pool.both, conditions) if conditions else None

    def _period(self, period: nodes.Period, at: Expr) -> Iterator[Expr]:
        zone = self.model.settings.zone
        if period.start is not None:
            start = self.pool.literal(instant(period.start, zone), TIME)
            yield self.pool.compare(">=", at, start, period.span)
        if period.end is not None:
            end = self.pool.literal(end_of(period.end, zone), TIME)
            yield self.pool.compare("<", at, end, period.span)

    # --- slots ---

    def send_at(self, place: Place) -> Expr | None:
        """The slot's next moment; outside the action's dates there is none."""
        if place.slot is None:
            return None
        if place.at is None:
            return self.now
        moment = self._next(place)
        inside = self.during([i.period for i in place.items() if isinstance(i, nodes.Active)], moment)
        return moment if inside is None else self.pool.choose(inside, moment, self.pool.literal(None, TIME))

    def _next(self, place: Place) -> Expr:
        """The next time that clocks show `place.at`."""
        pool, number, origin = self.pool, self.translator.number, place.action.name.span
        assert place.at is not None

        def calc(op: str, *operands: Expr) -> Expr:
            return pool.arithmetic(op, *operands, type=TIME, origin=origin)

        def offset_at(moment: Expr) -> Expr:
            if place.by is not None:
                return self._offset(place.by)
            day = pool.calendar("local_date", moment, type=DATE)
            clock = pool.calendar("local_clock", moment, type=CLOCK)
            return calc("sub", calc("add", calc("mul", day, number(DAY)), clock), moment)

        local = calc("add", self.now, offset_at(self.now))
        today = calc("mul", calc("floor", calc("div", local, number(DAY))), number(DAY))
        wall = calc("add", today, number(place.at))
        wall = pool.choose(pool.compare("<", wall, local), calc("add", wall, number(DAY)), wall)
        # The offset that holds then, which clock changes may have moved.
        near = calc("sub", wall, offset_at(self.now))
        return near if place.by is not None else calc("sub", wall, offset_at(near))

    def _offset(self, field: str) -> Expr:
        return self.translator.symbol(self.model.symbols[field], Env())

    # --- quiet hours ---

    def quiet(self, place: Place, send_at: Expr | None) -> Iterator[Rule]:
        """One rule for each block with quiet hours, outermost first; those outside any block come before."""
        overall = tuple(o.item for o in self.model.overall if isinstance(o.item, nodes.Quiet))
        for holder, items in (("policy", overall), *place.layers()):
            for item in items:
                if isinstance(item, nodes.Quiet):
                    passes = item.unknown is not None and item.unknown.text == "passes"
                    reason = item.start.span.to(item.end.span).words
                    when = self._is_quiet(item, self.now if send_at is None else send_at)
                    yield Rule(QUIET, when, passes, reason, holder, origin=item.span)

    def _is_quiet(self, item: nodes.Quiet, moment: Expr) -> Expr:
        pool, start, end = self.pool, item.start.value, item.end.value
        clock = self._clock(moment, item.by.text if item.by else None, item.span)
        after = pool.compare(">=", clock, pool.literal(start, CLOCK), item.span)
        before = pool.compare("<", clock, pool.literal(end, CLOCK), item.span)
        # Later in the day than it ends, it goes over midnight.
        quiet = pool.both(after, before) if start < end else pool.either(after, before)
        if not moment.unknown:
            return quiet
        # Where there is no moment of sending, that stops the candidate, and not its quiet hours.
        return pool.both(pool.is_known(moment), quiet)

    def _clock(self, moment: Expr, by: str | None, origin: Span) -> Expr:
        """What clocks show at a moment, in microseconds since midnight."""
        pool, number = self.pool, self.translator.number
        if by is None:
            return pool.calendar("local_clock", moment, type=CLOCK, origin=origin)
        local = pool.arithmetic("add", moment, self._offset(by), type=TIME, origin=origin)
        days = pool.arithmetic(
            "floor", pool.arithmetic("div", local, number(DAY), origin=origin), origin=origin
        )
        midnight = pool.arithmetic("mul", days, number(DAY), type=TIME, origin=origin)
        return pool.arithmetic("sub", local, midnight, type=CLOCK, origin=origin)
