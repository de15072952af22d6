"""Names that mean nothing where they stand, and what the author probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbadsl.diagnostics import Edit, Fix
from nbadsl.diagnostics.suggest import did_you_mean, nearest
from nbadsl.inputs import MOMENTS, OF_CANDIDATE
from nbadsl.semantics.fixes import replacement, word_advice
from nbadsl.semantics.model import Info, Model, Symbol
from nbadsl.syntax import nodes
from nbadsl.types import Set, Type, Words

if TYPE_CHECKING:
    from nbadsl.semantics.infer import Inference


_UNKNOWN = ("ask `is unknown`, or `is never` where that is declared", "")
# What other languages call these; and what to write.
_ELSEWHERE = {
    **dict.fromkeys(("true", "ja", "oui", "si"), ("a flag is `yes` or `no`", "yes")),
    **dict.fromkeys(("false", "nein", "non"), ("a flag is `yes` or `no`", "no")),
    **dict.fromkeys(("null", "none", "nil", "empty", "missing", "na"), _UNKNOWN),
}


def report_unknown(
    inference: Inference, expr: nodes.Reference, expected: Type | None, local: dict[str, Info]
) -> None:
    """Report a name that means nothing where it stands."""
    model, found = inference.model, inference.found
    name = expr.name
    if name in model.broken or "*" in model.broken:
        return
    help, word = _ELSEWHERE.get(name.lower(), ("", ""))
    if help and not (isinstance(expected, Words) and (word or nearest(name, expected.words))):
        fix = Fix(f"write `{word}`", (Edit(expr.span, word),))
        fixed = (fix,) if word else ()
        found.report("unknown-name", expr.span, what="value", name=name, help=help, fixes=fixed)
        return
    if isinstance(expected, Words):
        report_word(inference, expr, name, expected)
        return
    known = [
        *local,
        *(s.name for s in model.symbols.values() if s.kind not in ("function", "table")),
        *inference.factors,
    ]
    owner = next((s for s in model.symbols.values() if name in _words_of(s)), None)
    help = did_you_mean(name, [*known, *MOMENTS, *OF_CANDIDATE])
    if owner is not None:
        verb = "has" if owner.input and isinstance(owner.input.type, Set) else "is"
        help = f"`{name}` is a word of `{owner.name}`: write `{owner.name} {verb} {name}`"
    fixes = () if owner else replacement(expr.span, name, known)
    found.report("unknown-name", expr.span, what="value", name=name, help=help, fixes=fixes)


def report_word(inference: Inference, expr: nodes.Expr, word: str, expected: Words) -> None:
    """Report what is none of the words that are expected where it stands."""
    what = _owner(inference.model, expected)
    help, fixes = word_advice(expr.span, word, expected.words)
    inference.found.report("unknown-word", expr.span, word=word, what=what, help=help, fixes=fixes)


def _owner(model: Model, words: Words) -> str:
    """The one name that has these words, else the words themselves, as messages call them."""
    if not words.words:
        return "a list that is empty"
    owners = [s.name for s in model.symbols.values() if _words_of(s) == words.words]
    return f"`{owners[0] if len(owners) == 1 else words}`"


def _words_of(symbol: Symbol) -> tuple[str, ...]:
    if symbol.kind == "experiment":
        return tuple(arm.name.text for arm in symbol.node.arms)
    declared = symbol.input.type if symbol.input else None
    return declared.words if isinstance(declared, Words | Set) else ()
