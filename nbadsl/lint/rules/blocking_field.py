"""An optional field that blocks: whoever lacks it does not pass a rule, and the rule does not say so.

`income is known and …` says it, `income or else 0 EUR` settles it, and `, unknown passes` lets people go on. What is
required must be known to hold, so a `require` is told only where a sample says that somebody is missing.
"""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.lint.conditions import rules
from nbadsl.lint.narrow import unknown
from nbadsl.lint.policy import Policy
from nbadsl.lint.values import UNKNOWN, YES
from nbadsl.program.nodes import Column, Expr, Given
from nbadsl.program.walk import leaves
from nbadsl.syntax import nodes


def find(policy: Policy, found: Findings) -> None:
    for rule in rules(policy):
        info = policy.model.infos.get(rule.when)
        if rule.stage == "exclude" or rule.unknown is not None or info is None or not info.unknown:
            continue
        shares = policy.options.unknown_shares
        meaning = policy.translate(rule.when)
        if info.of_candidate or not policy.facts.renewed().answers(meaning) & UNKNOWN:
            continue
        for leaf in _optional(meaning):
            told = rule.stage == "eligible" or shares.get(leaf.name)
            if told and _blocks(policy, meaning, leaf):
                _report(policy, found, rule, leaf.name)


def _optional(expr: Expr) -> list[Column | Given]:
    return [leaf for leaf in leaves([expr]) if isinstance(leaf, Column | Given) and leaf.unknown]


def _blocks(policy: Policy, meaning: Expr, leaf: Column | Given) -> bool:
    """Whether nobody passes without a field, for a reason that the rule does not give: its answer is unknown."""
    without = unknown(policy.facts.renewed(), leaf)
    if without is None:
        return False
    answers = without.answers(meaning)
    return bool(answers & UNKNOWN) and not answers & YES


def _report(policy: Policy, found: Findings, rule: nodes.Rule, field: str) -> None:
    share = policy.options.unknown_shares.get(field)
    how_many = f", which is {share:.0%} of the sample" if share is not None else ""
    help = f"say so where that is meant: `{field} is known and …`, or settle it: `{field} or else …`"
    if rule.stage == "eligible":
        help += "; or add `, unknown passes`"
    text = rule.when.span.text
    has_or = isinstance(rule.when, nodes.Binary) and rule.when.operator == "or"
    said = f"{field} is known and {f'({text})' if has_or or isinstance(rule.when, nodes.If) else text}"
    fix = Fix(f"say so: `{field} is known and …`", (Edit(rule.when.span, said),))
    found.report(
        "blocking-field",
        rule.span,
        field=field,
        stage=rule.stage,
        how_many=how_many,
        help=help,
        fixes=(fix,),
    )
