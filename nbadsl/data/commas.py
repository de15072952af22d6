"""Numbers of a CSV file as spreadsheets of many countries write them: `12,50` and `1.234,50`.

Whether a file does is seen in its beginning, once for all of its rows, as `1.234` means two things: some number must have
decimals behind a comma that cannot be thousands, and none may have decimals behind a point.
"""

from __future__ import annotations

import csv
import re
from io import StringIO

import pyarrow as pa
import pyarrow.compute as pc

from nbadsl.program.nodes import Input
from nbadsl.types import Duration, Integer, Money, Number

_THOUSANDS = r"[1-9][0-9]{0,2}(\.[0-9]{3})+"
_GROUPED = rf"^\s*[+-]?{_THOUSANDS}(,[0-9]+)?\s*$"
_EXPONENT = r"([eE][+-]?[0-9]+)?"
_COMMA = rf"^\s*[+-]?[0-9]*,[0-9]+{_EXPONENT}\s*$"
_WITH_COMMA = re.compile(
    rf"[+-]?({_THOUSANDS}|[0-9]*)(,([0-9]{{1,2}}|[0-9]{{4,}})|(?<=\b0),[0-9]+){_EXPONENT}", re.ASCII
)
_WITH_POINT = re.compile(
    rf"(?![+-]?{_THOUSANDS}$)[+-]?([0-9]*|[0-9]{{1,3}}(,[0-9]{{3}})+)\.[0-9]+{_EXPONENT}", re.ASCII
)


def is_numeric(field: Input) -> bool:
    """Whether its cells are plain numbers."""
    return isinstance(field.type, Integer | Number | Money) or (
        isinstance(field.type, Duration) and field.unit is not None
    )


def has_commas(beginning: str, separator: str, columns: set[str]) -> bool:
    """Whether the numbers of a file have decimal commas. `beginning`: its first lines; `columns`: those of numbers."""
    names, *rows = csv.reader(StringIO(beginning, newline=""), delimiter=separator)
    places = [place for place, name in enumerate(names) if name in columns]
    cells = [row[place].strip() for row in rows for place in places if place < len(row)]
    return any(map(_WITH_COMMA.fullmatch, cells)) and not any(map(_WITH_POINT.fullmatch, cells))


def with_points(cells: pa.Array) -> pa.Array:
    """The same numbers with decimal points and nothing between thousands. `cells`: texts."""
    grouped = pc.match_substring_regex(cells, _GROUPED)
    cells = pc.if_else(grouped, pc.replace_substring(cells, ".", ""), cells)
    commas = pc.match_substring_regex(cells, _COMMA)
    return pc.if_else(commas, pc.replace_substring(cells, ",", "."), cells)
