"""A policy that something is asked about, as it was read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbadsl.pipeline import check, compile
from nbadsl.program.from_model import with_uses
from nbadsl.program.from_tables import Use
from nbadsl.program.nodes import Program
from nbadsl.semantics.model import Model, Symbol
from nbadsl.source import Span, overlaid
from nbadsl.testing.run import decided
from nbadsl.testing.trials import Subject as Tested


@dataclass(eq=False)
class Subject:
    """`uses`: of its tables. `told`: places of which checking has said something."""

    path: Path
    model: Model
    program: Program
    uses: tuple[Use, ...] = ()
    told: frozenset[Span] = frozenset()

    @cached_property
    def read(self) -> set[str]:
        """Fields that the policy asks about."""
        return self.model.named | {u.name for u in self.model.uses.values() if isinstance(u, Symbol)}

    def fails(self, text: str, title: str) -> bool | None:
        """Whether a test fails at the end of the policy; None where it cannot stand there."""
        whole = f"{self.model.files[-1].source.text}\n{text}"
        checked, program = compile(self.path, overlaid({os.path.abspath(self.path): whole}))
        if program is None:
            return None
        trials = Tested(checked.model, program).trials()
        return next((bool(decided(str(self.path), t).failures) for t in trials if t.title == title), None)


def load(path: Path) -> Subject | None:
    """A policy; None where it has errors. Raises OSError when it cannot be read."""
    checked = check(path)
    if not checked.ok:
        return None
    told = frozenset(finding.span for finding in (*checked.diagnostics, *checked.ignored))
    return Subject(path, checked.model, *with_uses(checked.model), told)
