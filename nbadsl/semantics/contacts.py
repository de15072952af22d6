"""Limits, rests and budgets that could not do what they say, seen from their words alone.

Takes a model whose blocks have been judged; reports a limit that another one always reaches first, limits that hold
for nothing, a rest that outlives its action, and a budget that cannot pay for one contact. Only literal numbers are
looked at: what reads a parameter may mean something tomorrow. Nothing is said where there are errors: an action that
could not be read may be the one that a group is for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from nbadsl.diagnostics import Findings
from nbadsl.semantics.constants import end_of, instant
from nbadsl.semantics.implied import Contact, Placed, implies, is_exempt, microseconds, number
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes


def judge_contacts(model: Model, found: Findings) -> None:
    placed = list(_all(model))
    blocks = _Blocks(model, placed)
    used = {n.text for a in model.scopes_of("action") for v in _vias(a) for n in v.channels}
    for each in placed:
        why = _holds_for_nothing(model, each, used)
        if why:
            found.report("idle-limit", each.item.span, what=_word(each.item), help=why)
            continue
        _reached_before(each, blocks, found)
        match each.item:
            case nodes.Budget():
                _pays_for_one(model, each.item, found)
            case nodes.Rest():
                _ends_before(model, each, found)


def _all(model: Model) -> Iterator[Placed]:
    for overall in model.overall:
        if isinstance(overall.item, Contact):
            yield Placed(overall.item, None)
    for scope in model.scopes.values():
        for item in scope.items:
            if isinstance(item, Contact):
                yield Placed(item, scope)
            elif isinstance(item, nodes.Via):
                for inner in item.items:
                    if isinstance(inner, Contact):
                        yield Placed(inner, scope, item.channels[0].text)


def _vias(action: nodes.Scope) -> list[nodes.Via]:
    return [item for item in action.items if isinstance(item, nodes.Via)]


def _word(item: Contact) -> str:
    return f"`{type(item).__name__.lower()}`"


# --- what holds for nothing --------------------------------------------------------------------------------


def _holds_for_nothing(model: Model, placed: Placed, used: set[str]) -> str:
    """Why no contact is ever counted or stopped; empty where some may be."""
    item, scope = placed.item, placed.scope
    counted = model.scopes.get(item.of.text) if isinstance(item, nodes.Rest) and item.of is not None else None
    return _empty(model, scope, used) or _empty(model, counted, used) or _all_exempt(model, scope)


def _empty(model: Model, scope: nodes.Scope | None, used: set[str]) -> str:
    if scope is None:
        return ""
    if scope.kind == "channel":
        return "" if scope.name.text in used else f"no action goes via `{scope.name.text}`"
    return "" if _actions(model, scope) else f"no action is in group `{scope.name.text}`"


def _all_exempt(model: Model, scope: nodes.Scope | None) -> str:
    actions = _actions(model, scope)
    if not actions or not all(is_exempt(model, action, scope) for action in actions):
        return ""
    where = "" if scope is None else f" of {scope.kind} `{scope.name.text}`"
    return f"all actions{where} are exempt from it"


def _actions(model: Model, scope: nodes.Scope | None) -> list[nodes.Scope]:
    """The actions that a limit in a block may stop."""
    actions = model.scopes_of("action")
    if scope is None:
        return actions
    if scope.kind == "channel":
        return [a for a in actions if any(c.text == scope.name.text for v in _vias(a) for c in v.channels)]
    return [action for action in actions if model.within(scope.name.text, action)]


# --- what another one does ---------------------------------------------------------------------------------


class _Blocks:
    """All limits, by where they stand: only those around another one can make it idle."""

    def __init__(self, model: Model, placed: list[Placed]) -> None:
        self.model = model
        self.order = {each: place for place, each in enumerate(placed)}
        self.inside: dict[str, list[Placed]] = defaultdict(list)
        for each in placed:
            self.inside[each.scope.name.text if each.scope else ""].append(each)

    def around(self, placed: Placed) -> list[Placed]:
        """All that could, itself aside, in the order of the file."""
        names = ["", *([placed.via] if placed.via else [])]
        if placed.scope is not None:
            names += [s.name.text for s in (placed.scope, *self.model.groups_of(placed.scope))]
        found = (other for name in names for other in self.inside.get(name, ()) if other is not placed)
        return sorted(found, key=self.order.__getitem__)

    def first(self, placed: Placed) -> Placed | None:
        """What has no room wherever this one has none; of two that say the same, the second one is too many."""
        for other in self.around(placed):
            if implies(self.model, other, placed):
                if self.order[other] < self.order[placed] or not implies(self.model, placed, other):
                    return other
        return None


def _reached_before(placed: Placed, blocks: _Blocks, found: Findings) -> None:
    other = blocks.first(placed)
    if other is None:
        return
    help = "whoever reaches this one has reached the other before"
    if isinstance(placed.item, nodes.Rest):
        help = "whenever this one would hold, the other one does"
    related = ((other.item.span, "the other one"),)
    found.report("idle-limit", placed.item.span, what=_word(placed.item), help=help, related=related)


# --- budgets and rests -------------------------------------------------------------------------------------


def _pays_for_one(model: Model, budget: nodes.Budget, found: Findings) -> None:
    amount, each = number(model, budget.amount), number(model, budget.each)
    if amount is not None and each is not None and amount < each:
        found.report(
            "budget-too-small", budget.span, amount=budget.amount.span.text, each=budget.each.span.text
        )


def _ends_before(model: Model, placed: Placed, found: Findings) -> None:
    """Report a rest that is longer than its action, or all around it, is active."""
    rest, scope = placed.item, placed.scope
    assert isinstance(rest, nodes.Rest)
    if scope is None or scope.kind == "channel" or rest.of is not None:
        return
    zone, around = model.settings.zone, (scope, *model.groups_of(scope))
    periods = [item.period for each in around for item in each.items if isinstance(item, nodes.Active)]
    starts = [instant(period.start, zone) for period in periods if period.start is not None]
    ends = [end_of(period.end, zone) for period in periods if period.end is not None]
    if starts and ends and microseconds(rest.length) >= min(ends) - max(starts):
        help = "who has once reached it rests until the end: `limit 1 … ever` says so"
        related = tuple((period.span, "as long as it is active") for period in periods)
        found.report("endless-rest", rest.span, related=related, help=help)
