"""The story of one person who stands in a history, as commands and Python ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nbadsl.history.asking import Asking
from nbadsl.history.memory import MemoryStore
from nbadsl.history.standing import standings
from nbadsl.history.store import Store
from nbadsl.interpreter import decide
from nbadsl.program.decision import Row
from nbadsl.program.nodes import Program
from nbadsl.story.factors import factors
from nbadsl.story.limits import told_limit
from nbadsl.story.tell import Story, tell
from nbadsl.story.why_not import why_not


def explain(
    program: Program,
    row: Row,
    given: Row,
    seed: int = 0,
    history: Store | None = None,
    asked: str | None = None,
    fields: Sequence[str] | None = None,
    hangs_on: bool = False,
) -> Story:
    """Why a person is decided as they are. Nothing is kept in the history, and what it has of this very decision does
    not count. `asked`, `fields`: see `why_not`. `hangs_on`: whether factors are taken out, see `factors`."""
    store = history or MemoryStore()
    asking = Asking(program, given).before(store, row)
    row = row | asking.rooms(store, asking.demands(row))
    stand = standings(asking, store, row)
    story = tell(program, row, given, seed, stand)
    if asked is not None:
        limits = {each.limit.room: told_limit(program, each) for each in stand}
        story = replace(story, why_not=why_not(program, row, given, asked, seed, limits, fields))
    if hangs_on:
        found = factors(program, row, given, seed, decide(program, row, given, seed))
        story = replace(story, factors=found)
    return story
