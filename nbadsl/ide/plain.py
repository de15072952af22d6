"""Expressions and rules in plain words, for people who do not read code.

churn_risk > 50% and plan is one of basic, plus
churn risk is above 50%, and plan is basic or plus
"""

from __future__ import annotations

from typing import assert_never

from nbadsl.syntax import nodes

_COMPARED = {
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "is": "is",
    "is not": "is not",
    "starts with": "starts with",
    "ends with": "ends with",
    "contains": "contains",
}
_COUNTED = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "^": "to the power of"}
_FACTS = {
    "now": "now",
    "today": "today",
    "channel": "the channel",
    "content": "the content",
    "slot": "the moment of sending",
    "propensity": "the propensity",
    "value": "the value",
    "boost": "the boosts",
    "cost": "the cost",
}
_LONGEST = 300
_STAGES = {"require": "Only ever if", "eligible": "Only if", "exclude": "Never if"}
_UNKNOWN = {
    "passes": "If that is not known, it passes.",
    "excludes": "If that is not known, it is excluded.",
    "keeps": "If that is not known, it stays.",
    "blocks": "If that is not known, it is blocked.",
}


def rule_in_words(rule: nodes.Rule) -> str:
    """A rule as sentences."""
    said = f"{_STAGES[rule.stage]} {in_words(rule.when)}."
    if rule.unknown is not None and rule.unknown.text in _UNKNOWN:
        said += f" {_UNKNOWN[rule.unknown.text]}"
    if rule.because is not None:
        said += f" Because: {rule.because.text}."
    return said


def in_words(expr: nodes.Expr) -> str:
    """An expression as part of a sentence; a long one, which nobody would hear to its end, as it is written."""
    return _said(expr) if expr.span.end - expr.span.start <= _LONGEST else f"`{expr.span.words}`"


def _said(expr: nodes.Expr) -> str:
    match expr:
        case nodes.Reference():
            return _FACTS.get(expr.name) or _name(expr.name)
        case nodes.FlagValue():
            return "yes" if expr.value else "no"
        case nodes.TextValue():
            return f"“{expr.value}”"
        case nodes.Number() | nodes.Amount() | nodes.Quantity() | nodes.Moment() | nodes.ClockValue():
            return expr.span.words
        case nodes.Brackets():
            return _said(expr.inner) if _is_whole(expr.inner) else f"({_said(expr.inner)})"
        case nodes.Unary(operator="not"):
            return _not(expr.operand)
        case nodes.Unary():
            return f"minus {_said(expr.operand)}"
        case nodes.If():
            then, otherwise = _said(expr.then), _said(expr.otherwise)
            return f"{then} if {_said(expr.condition)}, otherwise {otherwise}"
        case nodes.Call():
            return f"{_name(expr.function.text)} of {_listed([_said(a) for a in expr.arguments], 'and')}"
        case nodes.Binary() | nodes.OneOf() | nodes.Between():
            return _compared(expr)
        case nodes.Is() | nodes.Recency() | nodes.Has():
            return _asked(expr)
        case _:
            assert_never(expr)


def _compared(expr: nodes.Binary | nodes.OneOf | nodes.Between) -> str:
    match expr:
        case nodes.OneOf():
            options = _listed([_said(o) for o in expr.options], "nor" if expr.negated else "or")
            return f"{_said(expr.subject)} is {'neither ' if expr.negated else ''}{options}"
        case nodes.Between():
            ends = f"between {_said(expr.low)} and {_said(expr.high)}"
            return f"{_said(expr.subject)} is {'not ' if expr.negated else ''}{ends}"
    left, right = _said(expr.left), _said(expr.right)
    match expr.operator:
        case "and" | "or":
            return f"{left}, {expr.operator} {right}"
        case "or else":
            return f"{left} (or {right} where it is not known)"
        case operator:
            return f"{left} {_COMPARED.get(operator) or _COUNTED[operator]} {right}"


def _asked(expr: nodes.Is | nodes.Recency | nodes.Has) -> str:
    subject = _said(expr.subject)
    match expr:
        case nodes.Is(state="never"):
            return f"{subject} {'has happened' if expr.negated else 'has never happened'}"
        case nodes.Is():
            return f"{subject} is {'' if (expr.state == 'known') != expr.negated else 'not '}known"
        case nodes.Recency(relation="within"):
            return f"{subject} was in the last {_said(expr.length)}"
        case nodes.Recency(relation="within next"):
            return f"{subject} is in the next {_said(expr.length)}"
        case nodes.Recency():
            return f"{subject} was more than {_said(expr.length)} ago"
        case nodes.Has(mode="none"):
            return f"{subject} has neither {_listed([_name(w.text) for w in expr.words], 'nor')}"
        case nodes.Has():
            joined = "and" if expr.mode == "all" else "or"
            return f"{subject} has {_listed([_name(w.text) for w in expr.words], joined)}"


def _not(expr: nodes.Expr) -> str:
    match expr:
        case nodes.Reference():
            return f"not {_said(expr)}"
        case nodes.Brackets():
            return _not(expr.inner)
        case _:
            return f"it is not so that {_said(expr)}"


def _is_whole(expr: nodes.Expr) -> bool:
    """Whether an expression needs no brackets to be heard as one."""
    return not isinstance(expr, nodes.Binary | nodes.If)


def _name(text: str) -> str:
    return text.replace("_", " ")


def _listed(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
