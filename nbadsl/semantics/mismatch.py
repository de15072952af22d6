"""Two types that do not go together, and what the author probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbadsl.diagnostics import Fix
from nbadsl.semantics.fixes import unit_advice
from nbadsl.syntax import nodes
from nbadsl.types import Date, Flag, Money, Text, Time, Type, Words

if TYPE_CHECKING:
    from nbadsl.semantics.infer import Inference


def mismatch(inference: Inference, expr: nodes.Expr, left: Type, right: Type, operator: str = "") -> None:
    if isinstance(expr, nodes.Binary) and not operator:
        operator = expr.operator
    help = ""
    fixes: tuple[Fix, ...] = ()
    if isinstance(expr, nodes.Binary) and expr.operator not in "*^":
        help, fixes = unit_advice(expr.right, left)
        if not help:
            help, fixes = unit_advice(expr.left, right)
    if help:
        pass
    elif isinstance(left, Money) and isinstance(right, Money) and left != right:
        help = "amounts in two currencies cannot be mixed; convert one with a rate first"
    elif {type(left), type(right)} == {Date, Time}:
        help = "a date is a day, a time an instant; compare like with like"
    elif isinstance(left, Flag) or isinstance(right, Flag):
        help = "a flag is asked as it stands: `when consent_email`, `when not consent_email`"
    elif isinstance(left, Text) and isinstance(right, Words):
        help = "texts stand in quotation marks"
    inference.found.report(
        "mismatched-types",
        expr.span,
        operator=operator,
        left=f"`{left}`",
        right=f"`{right}`",
        help=help,
        fixes=fixes,
    )
