"""Refuses plans whose tables do not fit each other: what instructions, and those who run them, take for granted.

Takes a plan, and raises BadPlan unless every candidate has its place in every table, every number is in its range, and
every column, test and constant belongs to a field of the right type.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.inputs import MOMENTS
from nbadsl.plan.plan import FLAG, NUMBER, PAIR, SET, TEXT, WORDS, Column, Plan, Source
from nbadsl.program.nodes import Input
from nbadsl.types import Flag, Set, Text, Type, Words, is_numeric


class BadPlan(ValueError):
    """A plan that must not be run."""


# More than any policy needs, and little enough to allocate.
MOST_REGISTERS = 1 << 17
MOST_PICKS = 1 << 12
MOST_WORDS = (1 << 16) - 2  # codes have two bytes; two are for undeclared words and for none
TEXT_TESTS = {"member", "starts", "ends", "contains", "known"}


def verify_tables(plan: Plan) -> None:
    """Raise BadPlan unless the tables fit each other."""
    chosen, count = plan.chosen, len(plan.facts.candidates)
    lengths = (plan.rules, plan.active, plan.fallbacks, chosen.actions, chosen.groups, chosen.channels)
    if any(len(each) != count for each in (*lengths, chosen.sends, chosen.among)):
        raise BadPlan("the candidates' tables do not fit each other")
    _need(2 <= plan.mask_registers <= MOST_REGISTERS, "too many registers")
    _need(1 <= plan.number_registers <= MOST_REGISTERS, "too many registers")
    _need(1 <= chosen.pick <= MOST_PICKS, "too many picks")
    _need(not chosen.explores or chosen.pick == 1, "exploring picks one")
    _need(chosen.pick == plan.facts.pick, "two numbers of picks")
    _need(all(-1 <= r < plan.number_registers for r in chosen.sends), "a moment in no register")
    _need(all(-1 <= n < 2**31 for t in (chosen.actions, chosen.groups, chosen.channels) for n in t), "a name")
    _need(1 <= chosen.tiers < 2**31, "tiers")
    most = (chosen.most_action, chosen.most_group, chosen.most_channel)
    _need(all(0 <= n < 2**31 for n in most), "a limit")
    slots = [*plan.active, *(h.active for h in plan.holdouts)]
    _need(all(-1 <= slot < len(plan.constants) for slot in slots), "a constant out of range")
    _need(all(0 <= mask < 2**64 for mask in plan.masks), "a set is too large")
    _need([h.name for h in plan.holdouts] == list(plan.facts.holdouts), "the holdouts do not fit the facts")
    inputs = {i.name: i for i in plan.facts.inputs}
    _need(len(inputs) == len(plan.facts.inputs) < 2**15 - 1, "fields")
    rooms = {i.name: i for i in plan.facts.rooms}
    _need(not inputs.keys() & rooms.keys() and len(rooms) == len(plan.facts.rooms), "rooms")
    numbers = (n for limit in plan.facts.limits for n in (*limit.binds, *limit.takes))
    _need(all(0 <= n < count for n in numbers), "a limit of a candidate that there is not")
    _need(plan.facts.key in inputs, "there is no key")
    for key in (plan.facts.key, *(h.by for h in plan.holdouts), *(e.by for e in plan.facts.experiments)):
        _need(
            key in inputs and (isinstance(inputs[key].type, Text | Words) or is_numeric(inputs[key].type)),
            "a key",
        )
    _need(all(0 < len(e.arms) <= MOST_WORDS for e in plan.facts.experiments), "an experiment's arms")
    words = [len(i.type.words) for i in plan.facts.inputs if isinstance(i.type, Words)]
    _need(max(words, default=0) <= MOST_WORDS, "too many words")
    for column in plan.columns:
        _need(_fits(plan, column, inputs | rooms), f"a column of kind `{column.kind}` does not fit its field")
    _tests(plan)


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise BadPlan(problem)


def _fits(plan: Plan, column: Column, inputs: dict[str, Input]) -> bool:
    """Whether a column's field has the column's kind."""
    kinds = _kinds(plan, column.source, inputs)
    if column.kind == PAIR:
        return (
            bool(kinds & {TEXT, WORDS})
            and column.other is not None
            and bool(_kinds(plan, column.other, inputs) & {TEXT, WORDS})
        )
    if column.other is not None:
        return False
    if column.kind == SET and SET in kinds:
        type = inputs[column.source.name].type
        return isinstance(type, Set) and 0 <= column.part < max((len(type.words) + 63) // 64, 1)
    return column.kind in kinds - {""}


def _kinds(plan: Plan, source: Source, inputs: dict[str, Input]) -> set[str]:
    match source.kind:
        case "field" if source.name in inputs:
            return {_kind_of(inputs[source.name].type)}
        case "arm" if any(e.name == source.name for e in plan.facts.experiments):
            return {WORDS}
        case "holdout" if source.name in plan.facts.holdouts:
            return {FLAG}
    return set()


def _kind_of(type: Type) -> str:
    match type:
        case Flag():
            return FLAG
        case Words():
            return WORDS
        case Text():
            return TEXT
        case Set():
            return SET
    return NUMBER if is_numeric(type) else ""


def _tests(plan: Plan) -> None:
    givens = {name: type for name, type in _givens(plan)}

    def is_text(name: str | None) -> bool:
        return name is None or isinstance(givens.get(name), Text | Words)

    for test in plan.tests:
        _need(0 <= test.column < len(plan.columns), "a test of no column")
        _need(plan.columns[test.column].kind in (TEXT, WORDS), "a test of no text")
        _need(test.op in TEXT_TESTS and is_text(test.given), "a test that is none")
        _need(
            bool(test.values) or test.given is not None or test.op in ("known", "member"), "a test of nothing"
        )
    slots = [slot for slot, _ in plan.givens] + [test.slot for test in plan.run_tests]
    _need(all(0 <= slot < len(plan.constants) for slot in slots), "a constant out of range")
    for _, name in plan.givens:
        type = givens.get(name)
        _need(type is not None and (isinstance(type, Flag) or is_numeric(type)), "a given that is no number")
    for each in plan.run_tests:
        _need(each.operand is None or each.operand in givens, "a test of nothing given")
        of_set = each.operand is not None and isinstance(givens[each.operand], Set)
        allowed = {"any", "all", "known"} if of_set else TEXT_TESTS
        _need(each.op in allowed and (of_set or is_text(each.operand)), "a test that is none")
        _need(is_text(each.given), "a test that is none")
        needed = each.op in ("starts", "ends", "contains")
        _need(bool(each.values) or each.given is not None or not needed, "a test of nothing")


def _givens(plan: Plan) -> Iterator[tuple[str, Type]]:
    from_types = [*plan.facts.context, *(p.input for p in plan.facts.parameters)]
    yield from ((i.name, i.type) for i in from_types)
    yield from MOMENTS.items()
