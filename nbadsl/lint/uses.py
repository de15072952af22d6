"""Who uses what a policy declares: by name, from expressions and from where a field is named outside of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from nbadsl.lint.conditions import items_within
from nbadsl.lint.policy import Policy
from nbadsl.semantics.model import Symbol
from nbadsl.source import Span
from nbadsl.syntax import nodes


def used(policy: Policy) -> frozenset[str]:
    """The names of fields, parameters, definitions, functions and tables that something uses. A test does not
    count, nor does what declares it."""
    model = policy.model
    if policy.used is None:
        found = set(model.named)
        for place, use in model.uses.items():
            # The definition itself is asked for at its name, to be judged.
            if isinstance(use, Symbol) and place.span != use.span:
                found.add(use.name)
        policy.used = frozenset(found | set(_named(policy)))
    return policy.used


def _named(policy: Policy) -> Iterator[str]:
    """Fields that are named outside expressions."""
    model = policy.model
    if model.profile is not None:
        yield model.profile.key.text
    for symbol in model.of_kind("experiment"):
        yield symbol.node.by.text
    for holdout in model.holdouts:
        yield holdout.by.text
    for symbol in model.of_kind("table"):
        yield from (p.text for p in symbol.node.parameters if isinstance(p, nodes.Name))
    for item in (*_items(policy), *(o.item for o in model.overall)):
        match item:
            case nodes.Limit(subject=subject, window=window):
                yield from (n.text for n in (subject, window.since) if n is not None)
            case nodes.Budget(window=window) if window.since is not None:
                yield window.since.text
            case nodes.Quiet(by=by) if by is not None:
                yield by.text
            case nodes.Send(slots=slots):
                yield from (s.by.text for s in slots if s.by is not None)


def _items(policy: Policy) -> Iterator[nodes.Item]:
    for scope in policy.model.scopes.values():
        yield from items_within(scope.items)


def reads(policy: Policy, expr: nodes.Expr) -> Iterator[tuple[Symbol, Span]]:
    """The fields that an expression reads, also through definitions, functions and tables; with the place in the
    expression where that begins."""
    for place, first in _uses(policy, expr):
        stack, seen = [first], {first.name}
        while stack:
            symbol = stack.pop()
            if symbol.kind in ("field", "context"):
                yield symbol, place
            if symbol.kind in ("define", "function", "table"):
                for _, use in _uses(policy, symbol.node):
                    if use.name not in seen:
                        seen.add(use.name)
                        stack.append(use)


def _uses(policy: Policy, tree: object) -> Iterator[tuple[Span, Symbol]]:
    """The names in a tree that mean something that is declared, from left to right."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack += reversed(node)
        elif is_dataclass(node) and not isinstance(node, Span):
            if isinstance(node, nodes.Reference | nodes.Name):
                use = policy.model.uses.get(node)
                if isinstance(use, Symbol):
                    yield node.span, use
            stack += [getattr(node, f.name) for f in reversed(fields(node))]
