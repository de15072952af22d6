"""Running `nba` in tests: in this process, in a folder as `nba new` makes it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
from click.testing import CliRunner

from nbadsl.cli import main

NOW = ("--now", "2026-11-10 09:00")
RUN = ("run", "policy.nba", "-p", "customers.csv", *NOW)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `said`: standard output and error together."""

    code: int
    out: str
    said: str


def nba(*arguments: object, stdin: str | None = None) -> Ended:
    """Run a command here, in this process."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, prog_name="nba")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.output)


def fails(code: int, *arguments: object, stdin: str | None = None) -> str:
    """Run a command that must end with this code; what it said, without usage and notes on compiling."""
    ended = nba(*arguments, stdin=stdin)
    assert ended.code == code, ended.said
    beside = ("Usage:", "Try ", "compiling the engine")
    return "\n".join(x for x in ended.said.splitlines() if x and not x.startswith(beside))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def read(path: Path) -> pa.Table:
    """A table of any of the formats; from CSV, everything is text."""
    match path.suffix:
        case ".parquet":
            return pq.read_table(path)
        case ".arrow":
            return ipc.open_file(path).read_all()
        case _:
            rows = list(csv.DictReader(io.StringIO(path.read_text())))
            return pa.table({name: [row[name] for row in rows] for name in rows[0]})


def decided(path: Path) -> list[tuple[str, str, str]]:
    """Key, action and reason of every row, with nothing as ""."""
    columns = (read(path)[name].to_pylist() for name in ("customer_id", "action", "reason"))
    return [tuple(str(value or "") for value in row) for row in zip(*columns, strict=True)]
