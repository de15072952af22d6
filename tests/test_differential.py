"""Random programs and random people through both engines: the heart of the tests.

The interpreter defines the language and runs the program as written; the vector engine runs the plan of the
rewritten program. They share no code that evaluates anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import pyarrow as pa
from arrays import to_arrow
from differential import compare, decide, expected, found, plan_of, same, tiled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_profile import arrow_types
from strategies_program import Case, cases

from nbadsl.data.arrow import column, from_arrow
from nbadsl.data.records import read_record
from nbadsl.data.schema import accepts, column_of
from nbadsl.engine import batch, fates
from nbadsl.engine.batch import Engine
from nbadsl.engine.single import Single
from nbadsl.interpreter.decide import run_all
from nbadsl.plan.artefact import dump, loads
from nbadsl.plan.lower import lower
from nbadsl.program import chance
from nbadsl.program.decision import Fate, Story
from nbadsl.program.nodes import Input

# Shares of the examples (`conftest` deals them out in rounds): most test meaning, fewer the ways in which a batch can be cut and stored.
MEANING, LAYOUT, SINGLE, FATES, SAVED = 0.65, 0.15, 0.1, 0.05, 0.05
ALONE = 0.6  # of those that test meaning, how many have no limits that people share or fill themselves
# Tried as well, where a field takes them: if they lose something of its values, another is used.
NARROW = (pa.int8(), pa.uint16(), pa.float32(), pa.timestamp("ns"), pa.decimal128(12, 2))


def for_examples(number: int, check: Callable[..., None], *what: object) -> None:
    """Run a check on so many random examples."""
    relaxed = settings(max_examples=max(number, 1), deadline=None, suppress_health_check=list(HealthCheck))
    relaxed(given(*what)(check))()


def keys_of(case: Case) -> list[str]:
    return [chance.text_of(row[case.program.key]) for row in case.rows]


def test_both_engines_decide_and_count_the_same(examples: int):
    def check(case: Case) -> None:
        plan = plan_of(case.program)
        people = to_arrow(case.rows, (*case.program.inputs, *case.program.rooms))
        compare(found(plan, decide(plan, case, people), keys_of(case)), expected(case))

    for_examples(int(examples * MEANING * ALONE), check, cases())
    for_examples(int(examples * MEANING * (1 - ALONE)), check, cases(shares=True))


def stored(draw: st.DataObject, case: Case) -> pa.Table:
    """The people of a case, each field in any Arrow type that can hold its values."""

    def array(field: Input) -> pa.Array:
        values = [row[field.name] for row in case.rows]
        try:
            types = (*arrow_types(field), *(t for t in NARROW if accepts(field, t)))
            made = column(values, field, draw.draw(st.sampled_from(types)))
            table = pa.table([made], names=[column_of(field)])
            read = [
                read_record([field], from_arrow(table, [field], i))[field.name] for i in range(len(values))
            ]
            exact = read == values
        except (ValueError, OverflowError, TypeError):
            exact = False
        return made if exact else to_arrow(case.rows, [field]).column(0).combine_chunks()

    fields = (*case.program.inputs, *case.program.rooms)
    return pa.table([array(f) for f in fields], names=[column_of(f) for f in fields])


def test_blocks_threads_chunks_slices_and_types_of_columns_change_nothing(examples: int):
    def check(case: Case, draw: st.DataObject) -> None:
        plan, rows = plan_of(case.program), len(case.rows)
        times = draw.draw(st.sampled_from((1, 2, 400)))
        whole = tiled(stored(draw, case), times)
        if draw.draw(st.booleans()):
            whole = whole.combine_chunks()
        # Rows in front that do not count shift every bitmap and buffer.
        shift = draw.draw(st.integers(0, min(9, whole.num_rows)))
        people = pa.concat_tables([whole.slice(0, shift), whole]).combine_chunks().slice(shift)
        how = {
            "threads": draw.draw(st.integers(1, 3)),
            "block": draw.draw(st.sampled_from((512, 1024, 4096))),
        }
        with mock.patch.object(batch, "PIECE", draw.draw(st.sampled_from((512, batch.PIECE)))):
            results = decide(plan, case, people, **how)
        keys = keys_of(case)
        findings = found(plan, results, keys * times)
        for i, decision in enumerate(findings.decisions):
            same(decision, findings.decisions[i % rows])
        findings.decisions = findings.decisions[:rows]
        compare(findings, expected(case, times))

    for_examples(int(examples * LAYOUT), check, cases(), st.data())


def test_one_person_alone_is_decided_as_in_a_batch(examples: int):
    def check(case: Case) -> None:
        single = Single(Engine(plan_of(case.program)))
        for row, decision in zip(case.rows, expected(case).decisions, strict=True):
            same(single.decide(row, case.given, case.seed), decision)

    def check_shares(case: Case) -> None:
        single = Single(Engine(plan_of(case.program)))
        for row in case.rows:
            (decision,) = expected(replace(case, rows=[row])).decisions
            same(single.decide(row, case.given, case.seed), decision)

    for_examples(int(examples * SINGLE / 2), check, cases())
    for_examples(int(examples * SINGLE / 2), check_shares, cases(shares=True))


CODES = {
    Fate.INACTIVE: fates.INACTIVE,
    Fate.QUIET: fates.QUIET,
    Fate.NO_SCORE: fates.NO_SCORE,
    Fate.THRESHOLD: fates.THRESHOLD,
    Fate.OUTRANKED: fates.PASSED,
    Fate.CHOSEN: fates.PASSED,
}


def code(story: Story) -> int:
    """A fate as the engine writes it."""
    return CODES[story.fate] if story.rule is None else story.rule


def test_the_fates_that_the_engine_writes_are_those_of_the_stories(examples: int):
    def check(case: Case, block: int) -> None:
        plan = plan_of(case.program)
        people = tiled(to_arrow(case.rows, (*case.program.inputs, *case.program.rooms)), 600)
        with mock.patch.object(batch, "PIECE", 512):
            results = Engine(plan).decide(people, case.given, case.seed, 2, block, fates=True)
        found = run_all(case.program, case.rows, case.given, case.seed)
        told = [[code(story) for story in outcome.decision.stories] for outcome in found]
        assert results.fates is not None and results.fates.tolist() == told * 600

    for_examples(int(examples * FATES), check, cases(), st.sampled_from((512, 4096)))


def test_a_saved_policy_is_the_same_policy(examples: int):
    def check(case: Case) -> None:
        plan = plan_of(case.program)
        data = dump(plan, case.program)
        loaded = loads(data)
        assert repr(loaded.plan) == repr(plan)
        # The program within means what it meant, down to its places in the source.
        assert repr(lower(loaded.program())) == repr(plan)
        assert dump(loaded.plan, loaded.program()) == data

    for_examples(int(examples * SAVED), check, cases())
