"""One decision at a time with a history: read, decide, reserve.

What a limit leaves is read before a person is decided, and asked once more in the step that keeps the decision. Where
somebody else was quicker, the person is decided again, without what has gone. Who asks again for a decision gets what
was decided: its id says so. *Nothing* leaves no event: who asks again is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nbadsl.history.asking import Asking
from nbadsl.history.events import Event
from nbadsl.history.store import HistoryError, Lost, Store
from nbadsl.program.decision import DECIDED_BEFORE, RELEASED, Choice, Decision, Row

_TRIES = 100


def decide_and_keep(
    asking: Asking,
    decide: Callable[[Row], Decision],
    row: Row,
    history: Store,
    id: str,
    until: int | None = None,
) -> Decision:
    """Decide one person and keep what was decided.

    `asking`: what limits ask now. `decide`: by the row with the room of each limit. `id`: of the decision. `until`: when it is released unless it is confirmed (µs since 1970; None: it is for good). Raises
    HistoryError when the history cannot be reached.
    """
    demands = asking.demands(row)
    known = history.decision(id)
    for _ in range(_TRIES):
        if known is not None:
            return _told(asking, known, row, decide)
        decision = decide(row | asking.rooms(history, demands))
        if not decision.chosen:
            return decision
        request = asking.request(decision, row, id, demands)
        (answer,) = history.reserve([request], asking.now, until)
        if isinstance(answer, Lost):
            continue
        if answer == request.events:
            return decision
        known = answer
    raise HistoryError("the limits of this decision change faster than it can be made")


def _told(asking: Asking, events: tuple[Event, ...], row: Row, decide: Callable[[Row], Decision]) -> Decision:
    """What was decided earlier. The history does not know by which scores."""
    nobody = decide(row | {limit.room: 0.0 for limit in asking.program.limits})
    choices = tuple(
        Choice(asking.candidate(event), rank, None, None, float("nan"))
        for rank, event in enumerate(events, 1)
    )
    return replace(nobody, chosen=choices, reason=DECIDED_BEFORE if choices else RELEASED)
