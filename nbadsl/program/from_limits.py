"""Limits, rests and budgets of a model: what they count, and whom they stop.

What stands in a block counts the contacts of that block and stops its candidates; outside any block, all of them.
`exempt from limits` cuts a block off from those around it: they do not stop it, and unless it is `but counted`, do not
count it either. Every limit becomes a rule: there must be room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.program import nodes as ir
from nbadsl.program.candidates import Place
from nbadsl.program.env import Env
from nbadsl.program.givens import FIRST_TIME, LAST_TIME
from nbadsl.program.translate import Translator
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import INTEGER, UNITS

Item = nodes.Limit | nodes.Rest | nodes.Budget
_STAGE = {nodes.Limit: ir.LIMIT, nodes.Rest: ir.REST, nodes.Budget: ir.BUDGET}
ROOM = "room {}"  # two words: no field is called so


@dataclass(frozen=True, slots=True)
class _Placed:
    """A limit where it stands: in a block (None: outside any), perhaps of a channel within an action."""

    item: Item
    scope: nodes.Scope | None
    via: str | None = None

    @property
    def holder(self) -> str:
        """As reports name the block."""
        if self.scope is None:
            return "policy"
        name = f"{self.scope.kind} {self.scope.name.text}"
        return f"{name} via {self.via}" if self.via else name


class Limits:
    """The limits of one policy. `places`: all candidates."""

    def __init__(self, model: Model, translator: Translator, places: list[Place]) -> None:
        self.model, self.translator, self.places = model, translator, places
        self.placed = sorted(_all(model), key=lambda p: list(_STAGE).index(type(p.item)))
        self.limits = tuple(self._limit(number, placed) for number, placed in enumerate(self.placed, 1))

    def rules(self, place: Place) -> Iterator[ir.Rule]:
        """That there is room, for each limit that holds for a candidate."""
        pool = self.translator.pool
        for limit in self.limits:
            if self.places.index(place) in limit.binds:
                room = pool.column(limit.room, INTEGER, False, limit.origin)
                when = pool.compare(">", room, pool.literal(0.0, INTEGER), limit.origin)
                yield ir.Rule(limit.stage, when, False, limit.name, limit.scope, limit.room, limit.origin)

    # --- what is counted ---

    def _limit(self, number: int, placed: _Placed) -> ir.Limit:
        item = placed.item
        contacts = self._contacts(placed)
        window, subject, unknown, most, each, pause = ir.Window(), None, None, None, None, None
        match item:
            case nodes.Limit():
                window, subject, most, unknown = (
                    window_of(item.window),
                    item.subject,
                    item.count,
                    item.unknown,
                )
            case nodes.Budget():
                window, most, each = window_of(item.window), item.amount, item.each
            case nodes.Rest():
                within = None if item.within is None else _length(item.within)
                pause = ir.Pause(_length(item.length), int(item.count.value) if item.count else 1, within)
        return ir.Limit(
            stage=_STAGE[type(item)],
            name=_name(item),
            scope=placed.holder,
            room=ROOM.format(number),
            contacts=contacts,
            window=window,
            subject=self._key() if pause is not None else self.subject(subject),
            unknown_passes=unknown is not None and unknown.text == "passes",
            most=self._given(most),
            each=self._given(each),
            pause=pause,
            binds=tuple(index for index, place in enumerate(self.places) if self._binds(placed, place)),
            takes=tuple(index for index, place in enumerate(self.places) if _counts(contacts, place)),
            origin=item.span,
        )

    def _given(self, expr: nodes.Expr | None) -> ir.Expr | None:
        return None if expr is None else self.translator.translate(expr, Env())

    def _key(self) -> str:
        assert self.model.profile is not None
        return self.model.profile.key.text

    def subject(self, name: nodes.Name | None) -> str | None:
        """The field by whose value contacts are counted; None for everybody together."""
        assert self.model.profile is not None
        if name is None:
            return None
        return self._key() if name.text == self.model.profile.name.text else name.text

    def _contacts(self, placed: _Placed) -> ir.Contacts:
        item, scope = placed.item, placed.scope
        outcome = item.counted if isinstance(item, nodes.Limit) else item.outcome
        if isinstance(item, nodes.Rest) and item.of is not None:
            scope = self.model.scopes[item.of.text]
        via = (placed.via,) if placed.via else ()
        exempt = tuple(s.name.text for s in self._exempt_within(scope) if not _exemption(s, counted=True))
        match scope.kind if scope is not None else "":
            case "action":
                assert scope is not None
                return ir.Contacts(outcome, actions=_names(scope), channels=via)
            case "group":
                assert scope is not None
                return ir.Contacts(outcome, groups=_names(scope), exempt=exempt)
            case "channel":
                assert scope is not None
                return ir.Contacts(outcome, channels=_names(scope), exempt=exempt)
        return ir.Contacts(outcome, exempt=exempt)

    def _exempt_within(self, scope: nodes.Scope | None) -> Iterator[nodes.Scope]:
        """The exempt blocks inside of a block, itself aside; in all others for a channel or none."""
        for each in self.model.scopes.values():
            inside = scope is None or scope.kind == "channel" or self.model.within(scope.name.text, each)
            if inside and each is not scope and _exemption(each):
                yield each

    # --- whom it stops ---

    def _binds(self, placed: _Placed, place: Place) -> bool:
        return self._holds(placed, place) and not self._is_exempt(placed, place)

    def _holds(self, placed: _Placed, place: Place) -> bool:
        scope = placed.scope
        if scope is None:
            return True
        if placed.via is not None:
            return place.action is scope and place.channel == placed.via
        return scope is place.holder or scope is place.action or scope in place.groups

    def _is_exempt(self, placed: _Placed, place: Place) -> bool:
        """Whether a candidate is in an exempt block that a limit stands outside of."""
        for around in (place.action, *place.groups):
            if _exemption(around):
                inside = placed.scope is not None and placed.scope.kind != "channel"
                if not (inside and placed.scope and self.model.within(around.name.text, placed.scope)):
                    return True
        return False


def _all(model: Model) -> Iterator[_Placed]:
    """All limits: outside of any block, then of groups, actions and channels, in the order of the file."""
    for overall in model.overall:
        if isinstance(overall.item, Item):
            yield _Placed(overall.item, None)
    for kind in ("group", "action", "channel"):
        for scope in model.scopes_of(kind):
            for item in scope.items:
                if isinstance(item, Item):
                    yield _Placed(item, scope)
                elif isinstance(item, nodes.Via):
                    for inner in item.items:
                        if isinstance(inner, Item):
                            yield _Placed(inner, scope, item.channels[0].text)


def _name(item: Item) -> str:
    """What it says, without its first word and what holds for the unknown."""
    said = item.count.span.to(item.window.span) if isinstance(item, nodes.Limit) else item.span
    return said.words if isinstance(item, nodes.Limit) else said.words.partition(" ")[2]


def _exemption(scope: nodes.Scope, counted: bool = False) -> bool:
    """Whether a block is exempt from the limits around it; `counted`: and counted by them all the same."""
    return any(isinstance(item, nodes.Exempt) and (item.counted or not counted) for item in scope.items)


def _names(scope: nodes.Scope) -> tuple[str, ...]:
    """The name of a block, and the ones that it had."""
    return (scope.name.text, *(former.text for former in scope.was))


def _counts(contacts: ir.Contacts, place: Place) -> bool:
    groups = tuple(group.name.text for group in place.groups)
    return contacts.include(ir.DECIDED, place.action.name.text, groups, place.channel)


def window_of(window: nodes.Window) -> ir.Window:
    """A window as limits count in it."""
    length = None if window.length is None else _length(window.length)
    return ir.Window(length, window.calendar, window.since.text if window.since else None)


def _length(length: nodes.Quantity) -> int:
    """In microseconds; one longer than the calendar is as good as that."""
    return min(round(length.count * UNITS[length.unit]), int(LAST_TIME - FIRST_TIME))
