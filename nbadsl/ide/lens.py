"""Lines above declarations: how many people of the sample an action is for, what becomes of a test, and what an editor
can do there: say why a customer gets an action or does not, and run a test."""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.ide.rates import of_action
from nbadsl.ide.snapshot import Snapshot
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.workspace import Place

EXPLAIN, TEST = "nba.explain", "nba.test"
COMMANDS = (EXPLAIN, TEST)


@dataclass(frozen=True, slots=True)
class Lens:
    """What is `said` above a place. `command`: what the editor does when it is chosen ("": nothing), with `arguments`: the
    policy's path, and an action or a test's `FILE:LINE`."""

    place: Place
    said: str
    command: str = ""
    arguments: tuple[str, ...] = ()


def lenses(snapshot: Snapshot, path: str) -> list[Lens]:
    """Those above actions and tests of a file."""
    document, checks, found = snapshot.document(path), snapshot.checks(path), []
    policy = checks[0].path if checks and path in checks[0].documents else ""
    for declaration in document.declarations if document is not None else ():
        match declaration:
            case nodes.Scope(kind="action", name=name):
                place, said = snapshot.place(name.span), of_action(snapshot.rates_of(path), name.text)
                if place is not None and said:
                    found.append(Lens(place, said))
                if place is not None and policy:
                    found.append(Lens(place, "explain for…", EXPLAIN, (policy, name.text)))
            case nodes.Test(title=title):
                place = snapshot.place(title.span)
                if place is not None and policy:
                    line = place.span.line
                    found.append(Lens(place, "run", TEST, (policy, f"{path}:{line}")))
    outcomes = snapshot.outcomes.get(policy, ())
    return found + [Lens(place, said) for title, said in outcomes if (place := _here(snapshot, title, path))]


def _here(snapshot: Snapshot, title: Span, path: str) -> Place | None:
    place = snapshot.place(title)
    return place if place is not None and place.path == path else None
