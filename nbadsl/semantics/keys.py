"""Names that must be of a certain sort: a field that identifies people, an action or group, a channel."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.semantics.fixes import replacement
from nbadsl.semantics.model import Model
from nbadsl.syntax import nodes
from nbadsl.types import Anything, Integer, Text, Type


def judge_key(model: Model, name: nodes.Name, what: str, found: Findings) -> None:
    """A field that something goes by: of the profile, text or whole number, never unknown."""
    judge_field(model, name, what, (Text, Integer), "a text or integer", found)
    symbol = model.symbols.get(name.text)
    if symbol is not None and symbol.kind == "field" and symbol.input is not None:
        if symbol.input.optional or symbol.input.never:
            help = f"declare `{name.text}` without `optional`, or go by the key of the profile"
            found.report("optional-key", name.span, field=name.text, what=what, help=help)


def judge_field(
    model: Model,
    name: nodes.Name,
    what: str,
    types: tuple[type[Type], ...],
    expected: str,
    found: Findings,
    kinds: tuple[str, ...] = ("field",),
) -> None:
    """A field of the profile (or of other `kinds`) whose type is one of some."""
    symbol = model.symbols.get(name.text)
    if symbol is None or symbol.kind not in kinds:
        known = [s.name for kind in kinds for s in model.of_kind(kind)]
        if name.text not in model.broken and "*" not in model.broken:
            help, fixes = did_you_mean(name.text, known), replacement(name.span, name.text, known)
            if model.profile is not None and name.text == model.profile.name.text:
                key = model.profile.key.text
                help = f"that is the profile itself; its key is `{key}`"
                fixes = (Fix(f"write `{key}`", (Edit(name.span, key),)),)
            what = "profile field" if kinds == ("field",) else "field"
            found.report("unknown-name", name.span, what=what, name=name.text, help=help, fixes=fixes)
        return
    declared = symbol.input.type if symbol.input else None
    if declared is not None and not isinstance(declared, (*types, Anything)):
        found.report("wrong-type", name.span, what=f"`{name.text}`", found=f"`{declared}`", expected=expected)


def judge_scope(
    model: Model,
    name: nodes.Name,
    kinds: tuple[str, ...],
    found: Findings,
    advice: Mapping[str, str] = MappingProxyType({}),
) -> nodes.Scope | None:
    """The action, group or channel of a name; reported when there is none of these kinds. `advice`: for names that
    are probably no names."""
    scope = model.scopes.get(name.text)
    if scope is not None and scope.kind in kinds:
        return scope
    if name.text in model.broken:
        return None
    known = [s.name.text for s in model.scopes.values() if s.kind in kinds]
    what = " or ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
    article = "an" if scope is not None and scope.kind == "action" else "a"
    fixes = replacement(name.span, name.text, known) if scope is None and name.text not in advice else ()
    help = advice.get(name.text) or did_you_mean(name.text, known)
    if scope is not None:
        help = f"`{name.text}` is {article} {scope.kind}"
    found.report("unknown-name", name.span, what=what, name=name.text, help=help, fixes=fixes)
    return None
