"""What expressions read: fields, what a run brings, arms of experiments."""

from __future__ import annotations

from nbadsl.program.nodes import Arm, Column, Expr, Given, children
from nbadsl.program.walk import postorder


class Reading:
    """Looks at every expression once."""

    def __init__(self) -> None:
        self._known: dict[Expr, frozenset[Column | Given | Arm]] = {}

    def leaves(self, expr: Expr) -> frozenset[Column | Given | Arm]:
        """All that an expression reads."""
        for node in postorder([expr], self._known):
            own = {node} if isinstance(node, Column | Given | Arm) else set()
            self._known[node] = frozenset(own).union(*(self._known[child] for child in children(node)))
        return self._known[expr]
