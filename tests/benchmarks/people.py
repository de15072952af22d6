"""The people that are decided: columns made by chance, as an Arrow table, or as a Parquet file of any size.

Numbers are float64, evenly spread over their range; integers int32; words dictionaries of strings, as a Parquet file
with dictionaries gives them; nothing is null. 222 bytes a person.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from policy import INTEGER_RANGE, INTEGERS, KEY, NUMBER_RANGE, NUMBERS, WORD_FIELDS, WORDS

PIECE = 1 << 18  # rows of a row group


def make_people(rows: int, seed: int = 2, first: int = 0) -> pa.Table:
    """So many people, in one chunk; `first` is the key of the first one."""
    chance = np.random.default_rng([seed, first])
    columns: dict[str, pa.Array] = {KEY: pa.array(np.arange(first, first + rows))}
    for name in NUMBERS:
        columns[name] = pa.array(chance.random(rows) * NUMBER_RANGE)
    for name in INTEGERS:
        columns[name] = pa.array(chance.integers(0, INTEGER_RANGE + 1, rows, dtype=np.int32))
    for name in WORD_FIELDS:
        codes = pa.array(chance.integers(0, len(WORDS), rows, dtype=np.int32))
        columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(WORDS))
    return pa.table(columns)


def write_parquet(path: Path, size: int) -> int:
    """Write people to a Parquet file until it has `size` bytes, piece by piece. Gives the number of rows."""
    rows = 0
    with pq.ParquetWriter(path, make_people(1).schema, compression="zstd") as writer:
        while rows == 0 or path.stat().st_size < size:
            writer.write_table(make_people(PIECE, first=rows))
            rows += PIECE
    return rows
