"""Why an action was not chosen, and what would have to be different, in words and as plain data.

Takes what `tell` takes and the name of an action; gives for each of its candidates everything that stops it, how far its
score is from the one that was chosen, and the smallest change of the person with which it wins (see `change`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbadsl.change import Change, Found, smallest
from nbadsl.data.plain import Plain, plain
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.interpreter import Alone, Hurdle, alone, run
from nbadsl.program.decision import Decision, Row
from nbadsl.program.givens import BadInput
from nbadsl.program.nodes import Candidate, Input, Program, Value
from nbadsl.story.limits import ToldLimit
from nbadsl.story.lines import SAID, paragraph, values_text
from nbadsl.story.values import is_room, moment_of, place, reading_text, rule_text, value_text
from nbadsl.types import Number, Time, is_numeric


@dataclass(frozen=True, slots=True)
class Stop:
    """The first thing of a stage that stops a candidate: `stage`, `why` and `at` as in `Told`, what was read, and the
    limit, rest or budget that it is."""

    stage: str
    why: str
    at: str
    values: tuple[tuple[str, str], ...]
    blocked_by_unknown: bool
    limit: ToldLimit | None = None

    @property
    def said(self) -> str:
        """The stage, as the text says it."""
        return SAID[self.stage]


@dataclass(frozen=True, slots=True)
class Rival:
    """A candidate that was asked about. `stops`: of each stage that stops it, the first thing. `score`, `tier` (from 1),
    `threshold`: also where it is stopped. `behind`: by how much its score is less than the one `ahead`, the last that
    was chosen; negative when it is more."""

    candidate: str
    stops: tuple[Stop, ...]
    tier: int | None
    score: float | None
    threshold: float | None
    ahead: str | None
    ahead_tier: int | None
    behind: float | None

    @property
    def score_said(self) -> str:
        """How its score compares."""
        if self.score is None:
            return "unknown"
        text = f"{self.score:.6g}"
        if self.threshold is not None and self.score < self.threshold:
            text += f", below the threshold of {self.threshold:.6g}"
        if self.ahead is None:
            return text
        if self.tier is not None and self.ahead_tier is not None and self.tier != self.ahead_tier:
            place = "lower" if self.tier > self.ahead_tier else "higher"
            return f"{text}, on a {place} line of priority than {self.ahead}"
        if self.behind is None:
            return text
        than = "less" if self.behind > 0 else "more"
        more = "as much as" if self.behind == 0 else f"{abs(self.behind):.6g} {than} than"
        return f"{text}, {more} {self.ahead}"


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One field that has to be different: the values as JSON, and in words; `distance`: see `change.values`."""

    field: str
    old: Plain
    new: Plain
    said: str
    distance: float


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why an action was not chosen. `changes`: the smallest change with which it is (empty: it is chosen), or None.
    `exact`: whether that is certain, see `change.Found`. `if_room`: whether it holds only when the limits that stop it
    have room again. `fields`: those that might have been changed. `said`: what was found, in words."""

    asked: str
    candidates: tuple[Rival, ...]
    changes: tuple[ToldChange, ...] | None
    exact: bool
    if_room: bool
    fields: tuple[str, ...]
    said: str

    def lines(self) -> list[str]:
        """As the text of a story says it."""
        lines = [f"  why not {self.asked}?"]
        for rival in self.candidates:
            lines += ["", f"  {rival.candidate}", *_rival_lines(rival)]
        changes = [change.said.replace(" ", "\xa0") for change in self.changes or ()]
        lines += ["", *paragraph("it wins with", [*changes, self.said])]
        return lines


def why_not(
    program: Program,
    row: Row,
    given: Row,
    asked: str,
    seed: int,
    limits: Mapping[str, ToldLimit],
    fields: Sequence[str] | None = None,
) -> WhyNot:
    """Why an action (`upgrade`), or one on a channel (`upgrade via email`), was not chosen. `limits`: by room. `fields`:
    the only ones that may be different. Raises BadInput where there is no such action or field."""
    wanted = candidates_of(program, asked)
    decision = run(program, row, given, seed).decision
    found = smallest(program, row, given, wanted, seed, None if fields is None else tuple(fields))
    judged = {number: alone(program, number, row, given) for number in sorted(wanted)}
    rivals = tuple(_rival(program, number, each, decision, limits) for number, each in judged.items())
    roomy = _with_room(program, row, judged)
    if_room = found.changes is None and roomy != row
    if if_room:
        found = smallest(program, roomy, given, wanted, seed, None if fields is None else tuple(fields))
    changes = None if found.changes is None else tuple(_change(program, given, c) for c in found.changes)
    said = _found_text(program, found, decision, rivals, if_room)
    return WhyNot(asked, rivals, changes, found.exact, if_room, found.fields, said)


def candidates_of(program: Program, asked: str) -> frozenset[int]:
    """The candidates of an action, or of an action via a channel. Raises BadInput where there are none."""
    names = {number: _names(candidate) for number, candidate in enumerate(program.candidates)}
    found = frozenset(number for number, of in names.items() if asked in of)
    if not found:
        known = dict.fromkeys(name for of in names.values() for name in of)
        inside = dict.fromkeys(c.action for c in program.candidates if asked in c.groups)
        advice = f"it is the group of {', '.join(inside)}" if inside else did_you_mean(asked, known)
        raise BadInput(f"there is no action `{asked}`: {advice or 'nba explain lists them'}")
    return found


def _names(candidate: Candidate) -> tuple[str, ...]:
    via = f"{candidate.action} via {candidate.channel}"
    return tuple(dict.fromkeys((candidate.action, via, candidate.name)))


def _with_room(program: Program, row: Row, judged: Mapping[int, Alone]) -> Row:
    """The person as if the limits that stop some candidates had room."""
    rooms = {
        program.candidates[number].rules[hurdle.rule].room
        for number, each in judged.items()
        for hurdle in each.hurdles
        if hurdle.rule is not None
    } - {""}
    return {**row, **{name: float(program.arbitration.pick) for name in rooms}}


# --- one candidate -----------------------------------------------------------------------------------------


def _rival(
    program: Program, number: int, judged: Alone, decision: Decision, limits: Mapping[str, ToldLimit]
) -> Rival:
    candidate = program.candidates[number]
    stops: dict[str, Stop] = {}
    for hurdle in judged.hurdles:
        stop = _stop(program, candidate, hurdle, limits)
        stops.setdefault(stop.stage, stop)
    chosen = (decision.chosen or decision.held)[-1:]
    score, ahead = judged.score, chosen[0] if chosen and chosen[0].candidate != number else None
    known = score is not None and ahead is not None and ahead.score is not None
    return Rival(
        candidate.name,
        tuple(stops.values()),
        None if judged.tier is None else judged.tier + 1,
        score,
        judged.threshold,
        None if ahead is None else program.candidates[ahead.candidate].name,
        None if ahead is None or ahead.tier is None else ahead.tier + 1,
        ahead.score - score if known else None,  # type: ignore[operator, union-attr]
    )


def _stop(program: Program, candidate: Candidate, hurdle: Hurdle, limits: Mapping[str, ToldLimit]) -> Stop:
    values = tuple(reading_text(program, r) for r in hurdle.part.readings if not is_room(program, r))
    if hurdle.rule is None:
        stage, why = (
            ("inactive", "not in its dates")
            if hurdle.part.name == "active"
            else ("quiet", "no moment to send it")
        )
        return Stop(stage, why, "", values, False)
    rule = candidate.rules[hurdle.rule]
    return Stop(
        rule.stage,
        rule_text(rule),
        place(rule.origin),
        values,
        hurdle.part.value is None,
        limits.get(rule.room),
    )


def _rival_lines(rival: Rival) -> list[str]:
    lines: list[str] = []
    for stop in rival.stops:
        texts = [f"{stop.why} ({stop.at})" if stop.at else stop.why]
        texts += [] if stop.limit is None else [stop.limit.said]
        lines += paragraph(stop.said, [*texts, values_text(stop.values, stop.blocked_by_unknown)])
    return lines + paragraph("score", [rival.score_said])


# --- what would do -----------------------------------------------------------------------------------------


def _found_text(
    program: Program, found: Found, decision: Decision, rivals: Sequence[Rival], if_room: bool
) -> str:
    room = f"{_room_again(rivals)}" if if_room else ""
    held = "" if decision.holdout is None else f"what the holdout {decision.holdout} keeps from being decided"
    if found.changes == ():
        said = held or ("no change then" if if_room else "no change: it is chosen")
    elif found.changes is not None:
        said = "nothing smaller does" if found.exact else "found by trying: something smaller may do"
        said += f"; but it is {held}" if held else ""
    elif not found.fields:
        said = "nothing: it reads no field that may be different"
    else:
        among = "no change" if found.all_tried else f"no change of up to {found.tried}"
        said = f"{among} of these fields: {', '.join(found.fields)}"
        said += "" if found.exact else "; but not all values could be tried"
    return f"{room}: {said}" if room else said


def _room_again(rivals: Sequence[Rival]) -> str:
    """When the limits of one of some candidates have room again."""
    moments: list[str] = []
    for rival in rivals:
        limits = [stop.limit for stop in rival.stops if stop.limit is not None]
        known = [limit.free_again for limit in limits if limit.free_again is not None]
        if limits and len(known) == len(limits):
            moments.append(max(known))
    if not moments:
        return "not before there is room in its limits"
    return f"not before {min(moments)[:16].replace('T', ' ')}, when there is room in its limits"


def _change(program: Program, given: Row, change: Change) -> ToldChange:
    field = next(f for f in (*program.inputs, *program.context) if f.name == change.field)
    old, new = _value(field, change.old, program.timezone), _beside(field, change, program.timezone)
    return ToldChange(
        change.field,
        plain(field, change.old),
        plain(field, change.new),
        f"{change.field} {new} instead of {old}",
        change.distance,
    )


def _value(field: Input, value: Value, timezone: str) -> str:
    if value is None and field.never:
        return "never"
    if isinstance(value, str) and set(value) == {"…"}:
        return "any other text"
    return value_text(value, field.type, timezone)


def _beside(field: Input, change: Change, timezone: str) -> str:
    """A new value in so many digits as people read: the number next to it where that is what matters."""
    new, old = change.new, change.old
    text = _value(field, new, timezone)
    if not isinstance(new, float) or not is_numeric(field.type):
        return text
    if isinstance(field.type, Time):
        minute = round(new / 60e6) * 60e6
        if new == minute or abs(new - minute) > 1e6 or moment_of(minute, timezone) is None:
            return text
        return f"just {'after' if new > minute else 'before'} {value_text(minute, field.type, timezone)}"
    near = float(f"{new:.6g}")
    if near == new or new.is_integer():
        return text
    if math.isclose(near, new, rel_tol=1e-12):
        return f"just {'above' if new > near else 'below'} {_value(field, near, timezone)}"
    if isinstance(old, float) and (near - new) * (new - old) < 0:
        near += math.copysign(10.0 ** (math.floor(math.log10(abs(new))) - 5), new - old)
    return (
        _value(field, float(f"{near:.6g}"), timezone) if not isinstance(field.type, Number) else f"{near:.6g}"
    )
