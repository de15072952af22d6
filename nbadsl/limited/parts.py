"""A run that can be taken up again: its decisions so far, part by part, beside the file that they will become.

A run that keeps what it decides must not lose it. Each batch is written here before its decisions enter the history
in one step; a part counts once the history knows it (`Store.chunks`). After a kill the same command goes on where it
was, at the moment of the run that it takes up. The folder goes when the decisions are where they belong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc as ipc

from nbadsl.aside import remove_parts, write
from nbadsl.history.counted import texts_of
from nbadsl.history.store import HistoryError, Store
from nbadsl.inputs import MOMENTS
from nbadsl.program import chance
from nbadsl.program.nodes import Value

try:
    import fcntl
except ImportError:  # where files cannot be locked, two runs to one file are not told apart
    fcntl = None  # type: ignore[assignment]

_VERSION = 1
_NOTE = b"nbadsl"


class Unfinished(HistoryError):
    """An earlier run to the same file did not end, and this one is another."""


def what(
    policy: str,
    name: str,
    given: Mapping[str, Value],
    seed: int,
    profiles: tuple[Path, ...],
    share: float | None,
) -> dict[str, object]:
    """What makes two runs the same, but for their moment and history. `policy`: its hash, `name`: its name. `share`: of
    the decisions that are written down; None: none."""
    files = sorted(each for path in profiles for each in (path.rglob("*") if path.is_dir() else (path,)))
    stats = [(str(each.resolve()), each.stat()) for each in files]
    return {
        "policy": policy,
        "name": name,
        "profiles": [[path, stat.st_size, stat.st_mtime_ns] for path, stat in stats],
        "parameters and context": {n: str(value) for n, value in given.items() if n not in MOMENTS},
        "seed": seed,
        "share of recorded decisions (--record)": share,
    }


class Parts:
    """The parts of one run. `now`: its moment (µs since 1970). `run`: its name in the history. `resumes`: whether it was
    begun before. A run begins with its first part; one that ends before leaves nothing behind."""

    def __init__(
        self, out: Path, what: Mapping[str, object], now: Value, history: Store, fixed: bool = False
    ) -> None:
        """`out`: where the decisions go. `what`: see there. `fixed`: a run at another moment is another one. Raises
        Unfinished, and HistoryError where another process is at it or there is no folder."""
        assert isinstance(now, float | int)
        if not out.parent.is_dir():
            raise HistoryError(f"cannot write {out.name}: there is no folder {out.parent}")
        self.out, self.folder = out, out.with_name(f".{out.name}.run")
        self._about = self.folder / "run.json"
        self._what = json.loads(json.dumps({"version": _VERSION, **what, "history": _place_of(history)}))
        self.now, self.run, self.resumes = int(now), token_hex(8), False
        self.folder.mkdir(exist_ok=True)
        self._lock(out)
        try:
            if self._about.exists():
                self._take_up(json.loads(self._about.read_bytes()), history, fixed)
        except BaseException:
            self.close()
            raise
        remove_parts(out)

    def _take_up(self, about: dict[str, Any], history: Store, fixed: bool) -> None:
        """Go on with the run that was begun, or forget it if nothing was decided by it and this is another one."""
        now, run, wanted = int(about.pop("now")), str(about.pop("run")), dict(self._what)
        if fixed and self.now != now:
            wanted["moment (--now)"] = self.now
        changed = sorted(name for name in {*about, *wanted} if about.get(name) != wanted.get(name))
        if not changed:
            self.now, self.run, self.resumes = now, run, True
        elif "history" in changed or history.chunks(run):
            raise Unfinished(
                f"a run to {self.out} did not end, and since then its {' and '.join(changed)} changed. Its decisions are in "
                f"{about['history']}: run it as it was to have them written, or with --discard to release them"
            )
        else:
            self._about.unlink()

    def _lock(self, out: Path) -> None:
        self._file = (self.folder / "lock").open("ab")
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                self._file.close()
                raise HistoryError(f"another run is writing {out}") from error

    def write(self, number: int, decisions: pa.RecordBatch, rejects: pa.RecordBatch, note: object) -> None:
        """A part, complete or not at all. `note`: plain data that comes back with it."""
        noted = decisions.replace_schema_metadata({_NOTE: json.dumps(note)})
        for name, batch in (("decisions", noted), ("rejects", rejects)):
            sink = pa.BufferOutputStream()
            with ipc.new_file(sink, batch.schema) as file:
                file.write_batch(batch)
            write(self._place(number, name), sink.getvalue())
        if not self._about.exists():
            about = {**self._what, "now": self.now, "run": self.run}
            write(self._about, json.dumps(about).encode())

    def read(self, number: int) -> tuple[pa.RecordBatch, pa.RecordBatch, Any]:
        """A part and its note."""
        found = []
        for name in ("decisions", "rejects"):
            with ipc.open_file(self._place(number, name)) as file:
                found.append(file.get_batch(0))
        decisions, rejects = found
        note = json.loads(decisions.schema.metadata[_NOTE])
        return decisions.replace_schema_metadata(None), rejects, note

    def _place(self, number: int, name: str) -> Path:
        return self.folder / f"{number:06}.{name}.arrow"

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others at it: to go on where this process was, or to begin anew if it has not come to a part."""
        if not self._file.closed and not self._about.exists():
            rmtree(self.folder, ignore_errors=True)
        self._file.close()

    def remove(self) -> None:
        """The run is over."""
        self._about.unlink(missing_ok=True)
        self.close()


def _place_of(history: Store) -> str:
    path = Path(history.path)
    return str(path.resolve()) if path.exists() else history.path


def discard(out: Path, history: Store) -> int:
    """Give up the run to a file that did not end: release what it decided. Gives how many decisions that were."""
    folder = out.with_name(f".{out.name}.run")
    if not (folder / "run.json").exists():
        return 0
    about = json.loads((folder / "run.json").read_bytes())
    what = {name: value for name, value in about.items() if name not in ("now", "run", "version")}
    parts, released = Parts(out, what, about["now"], history), 0
    for number in history.chunks(parts.run):
        decisions, _, _ = parts.read(number)
        keys = decisions.filter(pc.is_valid(decisions.column("action"))).column(0)
        for key in set(texts_of(keys).to_pylist()):
            released += history.release(chance.decision_id(key, parts.now, about["name"]), parts.now)
    parts.remove()
    return released
