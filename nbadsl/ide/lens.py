"""Lines above declarations: how many people of the sample an action is for, and what becomes of a test."""

from __future__ import annotations

from nbadsl.ide.rates import of_action
from nbadsl.ide.snapshot import Snapshot
from nbadsl.syntax import nodes
from nbadsl.workspace import Place


def lenses(snapshot: Snapshot, path: str) -> list[tuple[Place, str]]:
    """Names of actions and titles of tests, and what is said above each."""
    document, rates = snapshot.document(path), snapshot.rates_of(path)
    found = []
    for declaration in document.declarations if document is not None else ():
        if isinstance(declaration, nodes.Scope) and declaration.kind == "action":
            said, place = of_action(rates, declaration.name.text), snapshot.place(declaration.name.span)
            if said and place is not None:
                found.append((place, said))
    checks = snapshot.checks(path)
    for title, said in snapshot.outcomes.get(checks[0].path, ()) if checks else ():
        place = snapshot.place(title)
        if place is not None and place.path == path:
            found.append((place, said))
    return found
