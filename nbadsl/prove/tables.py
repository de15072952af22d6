"""Tables as they are used: customers for whom no row holds, or two rows of a `unique` table; rows that hold for nobody.

Checking looks at a table by itself and at constant cells, as if every column could have any value. Here the columns have
what the policy asks about: cells may be computed, columns may depend on each other, and rules may keep customers away.
What checking has said is not said again. `collect` tables may leave customers out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cached_property

import z3

from nbadsl.program.from_tables import Use
from nbadsl.program.givens import shown
from nbadsl.prove.answers import PROVED, UNKNOWN, Answer, answer
from nbadsl.prove.customer import Customer
from nbadsl.prove.guarantees import decided_lines, example_of, judged
from nbadsl.prove.plainer import plainer
from nbadsl.prove.reach import Reach
from nbadsl.prove.search import Found, Nobody, Search
from nbadsl.prove.subject import Subject
from nbadsl.prove.values import Term, both, every, opposite, some
from nbadsl.resources import folder
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes

GAP, OVERLAP, UNREACHABLE = "table-gap", "overlapping-rows", "unreachable-row"

Uses = Sequence[Use]


def tables_of(model: Model) -> list[nodes.Table]:
    """The tables of a policy's own files."""
    library = str(folder("stdlib"))
    tables = [symbol.node for symbol in model.of_kind("table")]
    return [table for table in tables if not table.span.source.path.startswith(library)]


class Tables:
    """What is wrong with tables of a policy."""

    def __init__(self, search: Search, subject: Subject) -> None:
        self.search, self.subject, self.replay = search, subject, search.replays[0]

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.search.choosing[0], [use.result for use in self.subject.uses])

    def answers(self, table: nodes.Table) -> Iterator[Answer]:
        """What was found of one table, and what could not be told."""
        uses = [use for use in self.subject.uses if use.table is table]
        if table.hit != "collect" and table.name.span not in self.subject.told:
            yield from self._gap(table, uses)
        if table.hit == "unique":
            yield from self._overlap(table, uses)
        yield from self._unreachable(table, uses)

    # --- customers ---

    def _fitting(self, uses: Uses, customer: Customer) -> Iterator[tuple[Use, list[int]]]:
        """The uses that are evaluated for a customer, each with the rows that fit."""
        evaluated, person = self.replay.evaluated(customer), self.replay.evaluator(customer)
        for use in uses:
            if use.result in evaluated:
                yield use, [n for n, row in enumerate(use.rows) if person.value(row)]

    def _gap(self, table: nodes.Table, uses: Uses) -> Iterator[Answer]:
        missing = some(every([self.reach.when(u.result), *map(opposite, self._fits(u))]) for u in uses)
        yield from self._shown(table, GAP, uses, missing, 0)

    def _overlap(self, table: nodes.Table, uses: Uses) -> Iterator[Answer]:
        double = some(both(self.reach.when(u.result), z3.AtLeast(*self._fits(u), 2)) for u in uses)
        yield from self._shown(table, OVERLAP, uses, double, 2)

    def _shown(
        self, table: nodes.Table, kind: str, uses: Uses, condition: Term, count: int
    ) -> Iterator[Answer]:
        """A customer for whom no row holds (`count` 0), or as many at least."""

        def is_example(customer: Customer) -> bool:
            return self._wrong(uses, customer, count) is not None

        found = self.search.ask(condition, lambda sketch: judged(self.replay, sketch, is_example))
        name, place = table.name.text, table.name.span
        match found:
            case Found(customer):
                plain = plainer(self.replay, customer, is_example)
                wrong = self._wrong(uses, plain, count)
                assert wrong is not None
                use, rows = wrong
                asked = self._asked(use, plain)
                said = f"has no row for {asked}"
                if rows:
                    first, second = (table.rows[1 + row] for row in rows[:2])
                    name, place = second.span.words, second.span
                    said = f"holds together with `{first.span.words}`, line {first.span.line}, for {asked}"
                lines = decided_lines(self.replay, plain)
                example = example_of(self.subject, self.replay, plain, f"{table.name.text}: {asked}", lines)
                yield answer(kind, name, PROVED, said, span=place, example=example)
            case Nobody():
                return
            case unknown:
                what = "two rows ever hold" if count else "a row always holds"
                said = f"whether {what} could not be told"
                yield answer(kind, name, UNKNOWN, said, span=place, why=unknown.why)

    def _wrong(self, uses: Uses, customer: Customer, count: int) -> tuple[Use, list[int]] | None:
        fitting = self._fitting(uses, customer)
        return next(((u, rows) for u, rows in fitting if (len(rows) >= count if count else not rows)), None)

    def _asked(self, use: Use, customer: Customer) -> str:
        """What a use of a table asks about, as `age 40, plan basic`."""
        person = self.replay.evaluator(customer)
        return ", ".join(f"{name} {shown(person.value(e), e.type)}" for name, e in use.columns.items())

    # --- rows ---

    def _fits(self, use: Use) -> list[Term]:
        """Whether each row fits, where a use is evaluated."""
        return [self.search.of[0].flag(row).yes for row in use.rows]

    def _holds(self, use: Use) -> list[Term]:
        """Whether each row counts: in a table that takes the first one, that no row above fits as well."""
        found, before = [], self.reach.when(use.result)
        for fits in self._fits(use):
            found.append(both(before, fits))
            before = before if use.table.hit == "collect" else both(before, opposite(fits))
        return found

    def _unreachable(self, table: nodes.Table, uses: Uses) -> Iterator[Answer]:
        """One answer for each row that holds for nobody; none where nobody is asked about the table."""
        holds = [some(rows) for rows in zip(*map(self._holds, uses), strict=True)]
        left = {n for n, row in enumerate(table.rows[1:]) if row.span not in self.subject.told}
        seen: set[int] = set()

        def is_example(customer: Customer) -> bool:
            for use, rows in self._fitting(uses, customer):
                seen.update(rows if use.table.hit == "collect" else rows[:1])
            return bool(seen & left)

        ends = time.monotonic() + self.search.seconds
        while left and holds:
            found = self.search.ask(
                some(holds[n] for n in sorted(left)),
                lambda sketch: judged(self.replay, sketch, is_example),
                seconds=max(0.1, ends - time.monotonic()),
            )
            left -= seen
            if isinstance(found, Nobody) and seen:
                yield from (self._nobody(table, uses, number) for number in sorted(left))
            if isinstance(found, Nobody):
                return
            if not isinstance(found, Found):
                said = "may hold for nobody, which could not be told"
                rows = [(table.rows[1 + number].span, number) for number in sorted(left)]
                yield from (
                    answer(UNREACHABLE, s.words, UNKNOWN, said, span=s, why=found.why) for s, _ in rows
                )
                return

    def _nobody(self, table: nodes.Table, uses: Uses, number: int) -> Answer:
        span = table.rows[1 + number].span
        fits = some(both(self.reach.when(use.result), self._fits(use)[number]) for use in uses)
        above = self.search.exists(fits) is not False
        why = (
            "the rows above it take whoever it fits"
            if above
            else "nobody whom it is asked for fits its cells"
        )
        return answer(UNREACHABLE, span.words, PROVED, "never holds", span=span, why=why)
