"""A channel whose messages need consent, without a `require`: nothing keeps the policy from writing to everybody.

Which channels need it is told by words in their names, see `names`. A `require` in each `via` block counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbadsl.diagnostics import Findings
from nbadsl.lint.names import words_of
from nbadsl.lint.policy import Policy
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    needing = frozenset(word.casefold() for word in policy.options.consent)
    for channel in policy.model.scopes_of("channel"):
        name = channel.name.text
        if not words_of(name) & needing or not policy.is_own(channel.span):
            continue
        if not _requires(channel.items) and not _required_by_all(policy, name):
            help = 'add what says that a person agreed: `require consent_… because "…"`'
            found.report("missing-consent", channel.name.span, channel=name, help=help)


def _requires(items: Iterable[nodes.Item]) -> bool:
    return any(isinstance(item, nodes.Rule) and item.stage == "require" for item in items)


def _required_by_all(policy: Policy, channel: str) -> bool:
    """Whether every action that uses a channel requires something for it."""
    vias = [
        item
        for action in policy.model.scopes_of("action")
        for item in action.items
        if isinstance(item, nodes.Via) and any(c.text == channel for c in item.channels)
    ]
    return bool(vias) and all(_requires(via.items) for via in vias)
