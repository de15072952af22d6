"""What the rules of the linter look at: a policy, its settings, and what follows from its declarations.

The program and what is computed from it are made when the first rule asks. A policy with errors has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from nbadsl.diagnostics import Diagnostic
from nbadsl.lint.facts import Facts, declared_facts
from nbadsl.lint.names import CONSENT, SENSITIVE
from nbadsl.lint.passing import Passing
from nbadsl.program.env import Env
from nbadsl.program.from_model import from_model
from nbadsl.program.nodes import Expr, Program
from nbadsl.program.pool import Pool
from nbadsl.program.translate import Translator
from nbadsl.semantics.model import Model
from nbadsl.source import Source, Span
from nbadsl.syntax import nodes

if TYPE_CHECKING:
    from nbadsl.lint.conditions import Decided
    from nbadsl.lint.impossible import Impossible


@dataclass(frozen=True, slots=True)
class Options:
    """What a project says about the linter. `select`: the only kinds that are wanted (None: all); `ignore`: kinds
    that are not. `sensitive`: words in names of fields that no score should read; `consent`: in names of
    channels that need it. `unknown_shares`: by field, the share (0..1) of people of a sample who
    lack it."""

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    sensitive: tuple[str, ...] = SENSITIVE
    consent: tuple[str, ...] = CONSENT
    unknown_shares: Mapping[str, float] = field(default_factory=dict)

    def wants(self, kind: str) -> bool:
        return kind not in self.ignore and (self.select is None or kind in self.select)


_NOTHING_AROUND = Env()


class _Translator(Translator):
    """Remembers what stands in no function and asks nothing about a candidate: parts are asked for after wholes."""

    def __init__(self, model: Model) -> None:
        super().__init__(model, Pool())
        self.known: dict[nodes.Expr, Expr] = {}

    def translate(self, expr: nodes.Expr, env: Env) -> Expr:
        if env is not _NOTHING_AROUND:
            return super().translate(expr, env)
        found = self.known.get(expr)
        if found is None:
            found = self.known[expr] = super().translate(expr, env)
        return found


@dataclass(eq=False)
class Policy:
    """A policy under the linter. `diagnostics`: what checking found. `decided`, `impossible` and `used` are filled
    by the modules `conditions`, `impossible` and `uses`."""

    model: Model
    options: Options
    diagnostics: tuple[Diagnostic, ...]
    decided: tuple[Decided, ...] | None = None
    impossible: tuple[Impossible, ...] | None = None
    used: frozenset[str] | None = None

    @cached_property
    def own(self) -> frozenset[str]:
        """The paths of the policy's own files: not those of the standard library."""
        return frozenset(f.source.path for f in self.model.files) - frozenset(self.model.library)

    @property
    def sources(self) -> Iterator[Source]:
        return (f.source for f in self.model.files if f.source.path in self.own)

    @property
    def main(self) -> nodes.File:
        """The file that was asked about; the others are imported by it, perhaps by other policies too."""
        return self.model.files[-1]

    @cached_property
    def program(self) -> Program:
        return from_model(self.model)

    @cached_property
    def facts(self) -> Facts:
        return declared_facts(self.program)

    @cached_property
    def passing(self) -> Passing:
        """Who passes the rules of a candidate."""
        return Passing(self.facts)

    @cached_property
    def _translator(self) -> _Translator:
        return _Translator(self.model)

    def translate(self, expr: nodes.Expr) -> Expr:
        """The meaning of an expression that asks nothing about a candidate, in a pool of its own."""
        return self._translator.translate(expr, _NOTHING_AROUND)

    def is_own(self, span: Span) -> bool:
        return span.source.path in self.own
