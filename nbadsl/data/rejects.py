"""The table of rejects: every row that was bad data, as it came, and what is wrong with it.

Columns: those of the data that the policy declares, with the values as given (text, where it was text), then

    reason     `bad data: COLUMN`, as in the table of decisions
    problem    in words: `130 is not a whole number from 0 to 120`
    row        the number of the row in the source, from 1; the line of a CSV file that names the columns
               does not count

A row can be put right in this table and given in again: readers ignore columns that are not declared. A
name that the data has already gets a _ at its end.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nbadsl.data.arrow import python_value
from nbadsl.data.batches import Batch
from nbadsl.data.commas import is_numeric
from nbadsl.data.records import read_value
from nbadsl.data.rules import BadValue, quoted, refusal
from nbadsl.data.schema import column_of, takable
from nbadsl.data.text import advice
from nbadsl.program.decision import BAD_DATA
from nbadsl.program.nodes import Input


class RejectTable:
    """Makes the reject batches of one run. `schema` is that of all of them."""

    def __init__(self, inputs: tuple[Input, ...], given: pa.Schema) -> None:
        """`given`: the schema of the batches' `given`."""
        self._inputs = inputs
        self._columns = [(f.name, _decoded(f.type)) for f in given]
        ours = (("reason", pa.string()), ("problem", pa.string()), ("row", pa.int64()))
        self.schema = pa.schema([*self._columns, *((_free(name, given), type) for name, type in ours)])

    def batch(self, batch: Batch, bad: NDArray[np.signedinteger]) -> pa.RecordBatch:
        """The rejects of a batch. `bad`: [n], index in the inputs of the field at fault, -1 for none."""
        rows = np.flatnonzero(bad >= 0)
        if not len(rows):
            return pa.RecordBatch.from_pylist([], self.schema)
        given = batch.given.cast(pa.schema([f.with_type(takable(f.type)) for f in batch.given.schema]))
        given = given.take(pa.array(rows))
        columns = [given.column(name).cast(type) for name, type in self._columns]
        fields = [self._inputs[bad[row]] for row in rows]
        reasons = [f"{BAD_DATA}: {column_of(f)}" for f in fields]
        problems = [problem(batch, int(row), field) for row, field in zip(rows, fields, strict=True)]
        columns += [
            pa.array(reasons, pa.string()),
            pa.array(problems, pa.string()),
            pa.array(rows + batch.first + 1),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def problem(batch: Batch, row: int, field: Input) -> str:
    """What is wrong with a field of a row that is bad data, in words."""
    if row in batch.notes:
        return batch.notes[row]
    name = column_of(field)
    try:
        given = python_value(batch.given.column(name)[row])
        as_meant = batch.commas and is_numeric(field)  # its comma is not what is wrong
        if isinstance(given, str) and (as_meant or not batch.people.column(name)[row].is_valid):
            hint = "" if as_meant else advice(field, given)
            raise refusal(field, quoted(given), "it is not valid UTF-8" if "\ufffd" in given else hint)
        read_value(field, given)
    except BadValue as error:
        return str(error)
    return ""


def _decoded(type: pa.DataType) -> pa.DataType:
    """The type without dictionaries: those differ from batch to batch, and a file has one."""
    if pa.types.is_dictionary(type):
        return type.value_type
    if pa.types.is_list(type) and pa.types.is_dictionary(type.value_type):
        return pa.list_(type.value_type.value_type)
    if pa.types.is_large_list(type) and pa.types.is_dictionary(type.value_type):
        return pa.large_list(type.value_type.value_type)
    return type


def _free(name: str, given: pa.Schema) -> str:
    while name in given.names:
        name += "_"
    return name
