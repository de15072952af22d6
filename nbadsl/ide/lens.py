"""Lines above declarations: how many people of the sample an action is for."""

from __future__ import annotations

from nbadsl.ide.rates import of_action
from nbadsl.ide.snapshot import Snapshot
from nbadsl.syntax import nodes
from nbadsl.workspace import Place


def lenses(snapshot: Snapshot, path: str) -> list[tuple[Place, str]]:
    """Names of actions, and what is said above each."""
    document, rates = snapshot.document(path), snapshot.rates_of(path)
    found = []
    for declaration in document.declarations if document is not None else ():
        if isinstance(declaration, nodes.Scope) and declaration.kind == "action":
            said, place = of_action(rates, declaration.name.text), snapshot.place(declaration.name.span)
            if said and place is not None:
                found.append((place, said))
    return found
