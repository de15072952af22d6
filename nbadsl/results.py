"""What deciding gives to Python: a decision for one person, and a table of decisions for many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from nbadsl.program import decision as ir
from nbadsl.program.facts import Facts
from nbadsl.zone import EPOCH

if TYPE_CHECKING:
    import pyarrow as pa

    from nbadsl.report import Report


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate that was chosen, by name. `tier` counts from 1; None for the fallback, as is `score`."""

    action: str
    channel: str | None
    content: str | None
    slot: str | None
    send_at: datetime | None
    rank: int
    tier: int | None
    score: float | None
    probability: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done for one person now: `choices`, best first; empty for *nothing*.

    `id`: by which a history knows it. `reason`: `chosen`, `explored`, `fallback`, `nobody passed`, `below threshold`, `holdout: NAME`, or
    where the same decision had been made before, `decided before` or `released`. `would`: what a
    holdout kept from being decided. `arms`: experiment to arm. `policy`: the policy's hash.
    """

    id: str
    key: str
    choices: tuple[Choice, ...]
    reason: str
    holdout: str | None
    would: tuple[Choice, ...]
    arms: Mapping[str, str]
    policy: str

    @staticmethod
    def of(facts: Facts, found: ir.Decision, hash: str, id: str) -> Decision:
        """A decision by the names of its policy, which has this hash."""
        return Decision(
            id,
            found.key,
            tuple(_choice(facts, c) for c in found.chosen),
            found.reason,
            found.holdout,
            tuple(_choice(facts, c) for c in found.held),
            dict(zip((e.name for e in facts.experiments), found.arms, strict=True)),
            hash,
        )

    @property
    def best(self) -> Choice | None:
        return self.choices[0] if self.choices else None

    @property
    def action(self) -> str | None:
        return self.choices[0].action if self.choices else None

    @property
    def channel(self) -> str | None:
        return self.choices[0].channel if self.choices else None

    @property
    def content(self) -> str | None:
        return self.choices[0].content if self.choices else None


def _choice(facts: Facts, choice: ir.Choice) -> Choice:
    candidate = facts.candidates[choice.candidate]
    return Choice(
        candidate.action,
        candidate.channel,
        candidate.content,
        candidate.slot,
        None if choice.send_at is None else EPOCH + timedelta(microseconds=choice.send_at),
        choice.rank,
        None if choice.tier is None else choice.tier + 1,
        choice.score,
        choice.probability,
    )


class Decisions:
    """The decisions for many people, as a table that speaks Arrow: `pa.table(d)`, `pl.DataFrame(d)`.

    `rejects`: the rows that were bad data, with what is wrong. `report`: what was counted.
    """

    def __init__(self, table: pa.Table, rejects: pa.Table, report: Report) -> None:
        self._table, self._rejects, self._report = table, rejects, report

    @property
    def table(self) -> pa.Table:
        return self._table

    @property
    def rejects(self) -> pa.Table:
        return self._rejects

    @property
    def report(self) -> Report:
        return self._report

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows as dicts."""
        return list(self._table.to_pylist())

    def __repr__(self) -> str:
        return f"<Decisions: {self._report.people} people, {len(self)} rows>"
