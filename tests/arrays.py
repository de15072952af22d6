"""What the interpreter takes and gives, as the arrays of a run: rows as a table, decisions as an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from nbadsl.data.arrow import column
from nbadsl.data.decisions import REASONS, Outcome
from nbadsl.data.schema import arrow_type, column_of
from nbadsl.program.decision import Decision, Row
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Input


def to_arrow(
    rows: Sequence[Row], inputs: Iterable[Input], types: Mapping[str, pa.DataType] | None = None
) -> pa.Table:
    """Rows as a table with one column per input, under its name in the data.

    `types`: by field name, the Arrow type of a column, any that `schema.accepts`; `schema.arrow_type` for the
    others. Raises ValueError (pa.ArrowInvalid is one) for a value that a chosen type cannot hold.
    """
    chosen = types or {}
    names, arrays = [], []
    for field in inputs:
        names.append(column_of(field))
        arrays.append(
            column([row[field.name] for row in rows], field, chosen.get(field.name, arrow_type(field)))
        )
    return pa.table(arrays, names=names)


def outcome_of(decisions: Sequence[Decision], facts: Facts) -> Outcome:
    """What the interpreter decided, as arrays. `bad` is -1 everywhere: it decides valid rows only."""
    shape = (len(decisions), facts.pick)
    chosen, tier = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    score, probability, send_at = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for i, each in enumerate(decisions):
        for place, choice in enumerate(each.chosen or each.held):
            chosen[i, place] = choice.candidate
            tier[i, place] = -1 if choice.tier is None else choice.tier
            score[i, place] = np.nan if choice.score is None else choice.score
            probability[i, place] = choice.probability
            send_at[i, place] = np.nan if choice.send_at is None else choice.send_at
    reasons = {reason: code for code, reason in enumerate(REASONS)}
    arms = [[name for name, _ in e.arms] for e in facts.experiments]
    return Outcome(
        chosen,
        tier,
        score,
        probability,
        send_at,
        np.array([reasons.get(d.reason, -1) for d in decisions], np.int32),
        np.array([-1 if d.holdout is None else facts.holdouts.index(d.holdout) for d in decisions], np.int32),
        np.full(len(decisions), -1, np.int32),
        np.array(
            [[names.index(arm) for names, arm in zip(arms, d.arms, strict=True)] for d in decisions], np.int32
        ).reshape(len(decisions), len(arms)),
    )
