"""The model: what a policy's text means, as tables beside its tree.

`symbols` and `scopes` say what is declared; `infos` and `uses` say, by tree node, what an expression is and
what a name refers to. The tree itself is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, TypeAlias

from nbadsl.inputs import Input
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.types import ANYTHING, Type
from nbadsl.zone import Zone, zone


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something with a name and a value. `kind`: `field` (of the profile), `context`, `parameter`, `define`,
    `function`, `table`, `experiment`, or `broken` (its declaration could not be read)."""

    kind: str
    name: str
    node: Any
    span: Span
    input: Input | None = None
    purpose: str | None = None

    @property
    def phrase(self) -> str:
        """How messages call it."""
        return {"field": "a profile field", "context": "a context field", "broken": "a declaration"}.get(
            self.kind, f"{'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind}"
        )


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a closed set, bare or in quotation marks."""

    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the run or the candidate knows: `now`, `today`, `channel`, `content`, `slot`, or a
    factor of the score."""

    name: str


@dataclass(frozen=True, slots=True)
class Local:
    """A parameter of the function or table around."""

    name: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the language itself."""

    name: str


Use: TypeAlias = Symbol | Word | Fact | Local | Builtin


@dataclass(frozen=True, slots=True)
class Info:
    """What is known of an expression.

    `unknown`: it may have no value, and `why` names what is then missing. `never`: it is the value of an
    `or never` field. `asked_never`: it is a parameter that is declared `or never`, whatever a call hands
    over for it, so its function may ask `is never`. `low`, `high`: bounds of a number. `only_for`: the restricted
    fields it reads, as (field, purpose, through), the last being the define, function or table by which it does, if any. `varies`: a profile field or experiment that it reads, "" when it is the same for everybody.
    `of_candidate`: it reads `channel`, `content`, `slot` or a factor.
    """

    type: Type
    unknown: bool = False
    why: str = ""
    never: bool = False
    asked_never: bool = False
    low: float = -inf
    high: float = inf
    only_for: frozenset[tuple[str, str, str]] = frozenset()
    varies: str = ""
    of_candidate: bool = False


NOTHING_KNOWN = Info(ANYTHING)


def through(name: str, info: Info, arguments: frozenset[tuple[str, str, str]] = frozenset()) -> Info:
    """The info of a named expression: what it reads beyond its arguments is read through its name."""
    own = frozenset((field, purpose, name) for field, purpose, _ in info.only_for - arguments)
    return replace(info, only_for=own | (info.only_for & arguments))


def merge(type: Type, *parts: Info, low: float = -inf, high: float = inf) -> Info:
    """What is known of an expression made of parts: unknown and readings add up."""
    first = next((p for p in parts if p.unknown), None)
    return Info(
        type,
        unknown=first is not None,
        why=first.why if first else "",
        low=low,
        high=high,
        only_for=frozenset().union(*(p.only_for for p in parts)),
        varies=next((p.varies for p in parts if p.varies), ""),
        of_candidate=any(p.of_candidate for p in parts),
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The policy's own settings, with their defaults."""

    name: str = "policy"
    title: str = ""
    owner: str = ""
    timezone: str = "UTC"
    currency: str = "EUR"
    week_start: int = 1
    purposes: tuple[str, ...] = ()

    @property
    def zone(self) -> Zone:
        return zone(self.timezone)


@dataclass(slots=True)
class Model:
    """Filled by `declare`, `infer` and `judge`, in this order; read-only afterwards.

    `library`: by path, what a module of the standard library declares; the policy may declare such a name anew.
    `broken`: names of declarations that could not be read, and `*` when any name may be among them. `named`:
    fields that are read outside expressions (what a limit counts by, an offset, …). `misread`: restricted fields that were read where they may not be.
    """

    files: tuple[nodes.File, ...]
    settings: Settings = Settings()
    symbols: dict[str, Symbol] = field(default_factory=dict)
    library: dict[str, dict[str, Symbol]] = field(default_factory=dict)
    scopes: dict[str, nodes.Scope] = field(default_factory=dict)
    contents: tuple[str, ...] = ()
    slots: tuple[str, ...] = ("now",)
    profile: nodes.Profile | None = None
    priority: nodes.Priority | None = None
    arbitrate: nodes.Arbitrate | None = None
    explore: nodes.Explore | None = None
    holdouts: list[nodes.Holdout] = field(default_factory=list)
    guarantees: list[nodes.Guarantee] = field(default_factory=list)
    at_most: list[nodes.AtMost] = field(default_factory=list)
    tests: list[nodes.Test] = field(default_factory=list)
    overall: list[nodes.Overall] = field(default_factory=list)
    infos: dict[Any, Info] = field(default_factory=dict)
    uses: dict[Any, Use] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    misread: set[str] = field(default_factory=set)

    def lookup(self, name: str, place: Span) -> Symbol | None:
        """What a name means at a place: a module of the library means its own names, whatever the policy declares."""
        own = self.library.get(place.source.path)
        return (own or {}).get(name) or self.symbols.get(name)

    def of_kind(self, kind: str) -> list[Symbol]:
        return [s for s in self.symbols.values() if s.kind == kind]

    def scopes_of(self, kind: str) -> list[nodes.Scope]:
        return [s for s in self.scopes.values() if s.kind == kind]

    def groups_of(self, scope: nodes.Scope) -> list[nodes.Scope]:
        """The groups around an action or group, the outermost first. Stops at a cycle."""
        chain: list[nodes.Scope] = []
        parent = scope.parent
        while parent is not None:
            group = self.scopes.get(parent.text)
            if group is None or group in chain or group is scope:
                break
            chain.insert(0, group)
            parent = group.parent
        return chain

    def purpose_of(self, scope: nodes.Scope) -> str | None:
        """The purpose of an action or group: its own, else that of the nearest group around it."""
        for holder in [scope, *reversed(self.groups_of(scope))]:
            for item in holder.items:
                if isinstance(item, nodes.Purpose):
                    return item.name.text
        return None

    def within(self, name: str, scope: nodes.Scope) -> bool:
        """Whether an action is, or belongs to, the action or group of a name."""
        return scope.name.text == name or any(g.name.text == name for g in self.groups_of(scope))
