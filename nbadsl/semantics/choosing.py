"""Priority, arbitration and chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.inputs import FACTORS
from nbadsl.semantics import operators
from nbadsl.semantics.fixes import unit_advice
from nbadsl.semantics.infer import Inference
from nbadsl.semantics.keys import judge_key, judge_scope
from nbadsl.semantics.model import Info, merge
from nbadsl.semantics.rules import judge_person, judge_purpose, judge_reader
from nbadsl.semantics.scopes import judge_period
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import ANYTHING, FLAG, NUMBER, Anything, Integer, Money, Number, Type

MOST_PICKED = 100


def judge_choosing(inference: Inference) -> None:
    """`priority` and `arbitrate`."""
    model = inference.model
    if model.priority is not None:
        _judge_priority(inference, model.priority)
    actions = model.scopes_of("action")
    if model.arbitrate is not None:
        _judge_arbitrate(inference, model.arbitrate)
    elif actions and "" not in model.broken:
        help = "say how candidates compare, e.g. `arbitrate { score propensity * value  pick 1 }`"
        first = actions[0].name.span
        inference.found.report("missing-declaration", first, what="arbitrate", help=help)


_REST = dict.fromkeys(("all", "else", "others", "otherwise", "rest"), "what is left is `everything else`")


def _judge_priority(inference: Inference, priority: nodes.Priority) -> None:
    model, found = inference.model, inference.found
    everything: nodes.Line | None = None
    for line in priority.lines:
        if everything is not None:
            what = line.span.words
            where = "`priority` after `everything else`"
            found.report("misplaced-item", line.span, what=what, where=where, help="nothing is left for it")
        if line.scope is None:
            everything = line
            continue
        scope = judge_scope(model, line.scope, ("action", "group"), found, _REST)
        if line.when is not None:
            info = inference.require(line.when, FLAG, "the condition after `when`")
            purpose = model.purpose_of(scope) if scope is not None else None
            judge_purpose(inference, info, line.when.span, purpose, f"`{line.scope.text}`")


def _judge_arbitrate(inference: Inference, arbitrate: nodes.Arbitrate) -> None:
    model, found = inference.model, inference.found
    kinds: dict[type, nodes.Score | nodes.Threshold | nodes.Pick | nodes.Fallback] = {}
    for choice in arbitrate.choices:
        if type(choice) in kinds:
            what = choice.span.text.split()[0]
            found.report("repeated-item", choice.span, what=what, where="`arbitrate`")
        kinds.setdefault(type(choice), choice)
    fallback, pick = kinds.get(nodes.Fallback), kinds.get(nodes.Pick)
    score, threshold = kinds.get(nodes.Score), kinds.get(nodes.Threshold)
    if isinstance(fallback, nodes.Fallback):
        judge_scope(model, fallback.action, ("action",), found)
    if isinstance(pick, nodes.Pick):
        _judge_pick(inference, pick)
    if not isinstance(score, nodes.Score):
        help = "e.g. `score propensity * value`"
        found.report("missing-declaration", arbitrate.span, what="score", help=help)
        return
    stands_aside = fallback.action.text if isinstance(fallback, nodes.Fallback) else ""
    info = _judge_score(inference, score, stands_aside)
    if isinstance(threshold, nodes.Threshold):
        limit = inference.require(threshold.value, info.type, "the threshold")
        judge_person(inference, threshold.value, limit, "the threshold")
        judge_purpose(inference, limit, threshold.value.span, None, "the threshold", in_group=False)


def _judge_score(inference: Inference, score: nodes.Score, stands_aside: str) -> Info:
    model, found = inference.model, inference.found
    actions = [a for a in model.scopes_of("action") if a.name.text != stands_aside]
    inference.factors = {factor: _factor(inference, factor, actions) for factor in FACTORS}
    info = inference.infer(score.value)
    inference.factors = {}
    if not isinstance(info.type, Integer | Number | Money | Anything):
        found.report(
            "wrong-type",
            score.value.span,
            what="the score",
            found=f"`{info.type}`",
            expected="a number or money",
        )
    used = {r.name for r in references(score.value)} & {"propensity", "value"}
    for action in actions:
        for factor in sorted(used):
            for place in _without(action, factor):
                help = f"add `{factor} …` to the action"
                found.report("missing-factor", place.span, factor=factor, action=action.name.text, help=help)
                break
        own = merge(ANYTHING, info)
        judge_purpose(
            inference, own, score.value.span, model.purpose_of(action), f"action `{action.name.text}`"
        )
    return info


def _factor(inference: Inference, factor: str, actions: list[nodes.Scope]) -> Info:
    """What is known of a factor over all actions; a value of another type than the first is reported."""
    if factor == "boost":
        return Info(NUMBER)
    if factor == "cost":
        return Info(Money(inference.model.settings.currency), low=0.0)
    type: Type = ANYTHING
    for item in (i for action in actions for i in _inside(action.items)):
        if not isinstance(item, nodes.Factor) or item.kind != factor:
            continue
        info = inference.model.infos.get(item.value)
        if info is None:
            continue
        joined = operators.join(type, info.type)
        if joined is None:
            help, fixes = unit_advice(item.value, type)
            inference.found.report(
                "wrong-type",
                item.value.span,
                what=f"`{factor}`",
                found=f"`{info.type}`",
                expected=f"`{type}` as in the actions above",
                help=help,
                fixes=fixes,
            )
        else:
            type = joined
    # Restricted fields are judged where an action reads them; unknown means `no score`, which is settled.
    return Info(type)


def _inside(items: tuple[nodes.Item, ...]) -> Iterator[nodes.Item]:
    for item in items:
        yield item
        if isinstance(item, nodes.Via | nodes.Content):
            yield from _inside(item.items)


def _without(action: nodes.Scope, factor: str) -> Iterator[nodes.Name | nodes.String]:
    """Where candidates of an action lack a factor: the action, a channel, or a content."""
    if any(_is_factor(item, factor) for item in action.items):
        return
    vias = [item for item in action.items if isinstance(item, nodes.Via)]
    if not vias:
        yield action.name
    for via in vias:
        if any(_is_factor(item, factor) for item in via.items):
            continue
        contents = [item for item in (*via.items, *action.items) if isinstance(item, nodes.Content)]
        lacking = [c.name for c in contents if not any(_is_factor(i, factor) for i in c.items)]
        if lacking or not contents:
            yield lacking[0] if lacking else (via.channels[0] if via.items or len(vias) > 1 else action.name)


def _is_factor(item: nodes.Item, factor: str) -> bool:
    return isinstance(item, nodes.Factor) and item.kind == factor


def references(expr: object) -> Iterator[nodes.Reference]:
    """The names in an expression."""
    stack = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, nodes.Reference):
            yield node
        elif isinstance(node, tuple):
            stack.extend(node)
        elif is_dataclass(node) and not isinstance(node, Span):
            stack.extend(getattr(node, f.name) for f in fields(node))


def _judge_pick(inference: Inference, pick: nodes.Pick) -> None:
    _whole(inference, pick.count, "`pick`", MOST_PICKED)
    seen: set[str] = set()
    for most in pick.most:
        if most.by.text in seen:
            inference.found.report(
                "repeated-item", most.span, what=f"at most … per {most.by.text}", where="`pick`"
            )
        seen.add(most.by.text)
        _whole(inference, most.count, "`at most`", MOST_PICKED)
        if most.by.text not in ("group", "action", "channel"):
            help = did_you_mean(most.by.text, ("group", "action", "channel"))
            expected = "`group`, `action` or `channel`"
            inference.found.report(
                "unknown-setting", most.by.span, found=most.by.text, expected=expected, help=help
            )


def _whole(inference: Inference, number: nodes.Number, what: str, most: int) -> None:
    if not number.whole or not 1 <= number.value <= most:
        expected = f"a whole number from 1 to {most}"
        inference.found.report(
            "wrong-count", number.span, what=what, found=f"`{number.span.text}`", expected=expected
        )


def judge_chance(inference: Inference) -> None:
    """Holdouts, experiments and exploration."""
    model, found = inference.model, inference.found
    names: dict[str, Span] = {}
    for holdout in model.holdouts:
        if holdout.name.text in names or holdout.name.text in model.symbols:
            found.report(
                "repeated-name", holdout.name.span, name=holdout.name.text, other="another declaration"
            )
        names[holdout.name.text] = holdout.name.span
        _share(inference, holdout.share, "the share of a holdout")
        judge_key(model, holdout.by, f"holdout `{holdout.name.text}`", found)
        judge_reader(inference, holdout.by, None, f"holdout `{holdout.name.text}`", in_group=False)
        if holdout.period is not None:
            judge_period(inference, holdout.period)
    for symbol in model.of_kind("experiment"):
        _judge_experiment(inference, symbol.node)
    explore = model.explore
    if explore is not None:
        _share(inference, explore.share, "the share of exploration")
        if explore.among is not None:
            judge_scope(model, explore.among, ("action", "group"), found)
        picks = [c for c in (model.arbitrate.choices if model.arbitrate else ()) if isinstance(c, nodes.Pick)]
        if picks and picks[0].count.value != 1:
            related = ((picks[0].span, "picked here"),)
            help = "the probability of a whole list cannot be recorded exactly"
            found.report("explore-with-pick", explore.span, help=help, related=related)


def _share(inference: Inference, share: nodes.Number, what: str) -> None:
    if not 0 <= share.value <= 1:
        inference.found.report(
            "wrong-share", share.span, what=what, found=f"`{share.span.text}`", expected="0% to 100%"
        )


def _judge_experiment(inference: Inference, experiment: nodes.Experiment) -> None:
    model, found = inference.model, inference.found
    judge_key(model, experiment.by, f"experiment `{experiment.name.text}`", found)
    judge_reader(inference, experiment.by, None, f"experiment `{experiment.name.text}`", in_group=False)
    seen: set[str] = set()
    for arm in experiment.arms:
        if arm.name.text in seen:
            found.report(
                "repeated-name", arm.name.span, name=arm.name.text, other="an arm of the same experiment"
            )
        seen.add(arm.name.text)
    total = sum(a.share.value for a in experiment.arms)
    if abs(total - 1) > 1e-9:
        what = f"the sum of the arms of `{experiment.name.text}`"
        found.report(
            "wrong-share", experiment.name.span, what=what, found=f"{total * 100:g}%", expected="100%"
        )
