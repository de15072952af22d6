"""What answers are made from: the texts as they are now, and the policies as they were checked last.

A check may be some keystrokes behind the texts. Trees of declarations that did not change are the same in both,
so nearly everything that was found out still holds; places come from the texts, never from the check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nbadsl.ide.rates import Rates
from nbadsl.semantics.model import Model
from nbadsl.source import Span
from nbadsl.workspace import Checked, Document, Place, Workspace


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`checked`: by path, the policies as they were checked last. `rates`: what was found in their samples. `outcomes`:
    titles of their tests, and what becomes of each."""

    workspace: Workspace
    checked: Mapping[str, Checked] = field(default_factory=dict)
    rates: Mapping[str, Rates] = field(default_factory=dict)
    outcomes: Mapping[str, tuple[tuple[Span, str], ...]] = field(default_factory=dict)

    def document(self, path: str) -> Document | None:
        return self.workspace.document(path)

    def checks(self, path: str) -> list[Checked]:
        """The policies that a file belongs to, the first of the folder first; of a module, all."""
        if path not in self.workspace.documents:
            return [c for c in self.checked.values() if path in c.documents]
        return [self.checked[p] for p in self.workspace.policies.get(path, ()) if p in self.checked]

    def model(self, path: str) -> Model:
        """What names mean in a file; a model of nothing before the first check."""
        checks = self.checks(path)
        return checks[0].understood if checks else Model(())

    def rates_of(self, path: str) -> Rates | None:
        """What was found in the sample of the first policy that a file belongs to."""
        checks = self.checks(path)
        return self.rates.get(checks[0].path) if checks else None

    def place(self, span: Span) -> Place | None:
        return self.workspace.place(span)
