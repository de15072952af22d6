"""What names stand for around an expression that is being translated."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbadsl.program.nodes import Expr


@dataclass(frozen=True, slots=True)
class Env:
    """What names stand for around an expression. `facts`: channel, content and slot, "" for none.
    `factors`: of a score; a parameter that is taken out of one, too."""

    locals: dict[str, Expr] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    factors: dict[str, Expr] = field(default_factory=dict)
