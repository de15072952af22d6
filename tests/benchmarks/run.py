"""Measures nbadsl, a C program for the same policy, Polars, DuckDB and zen-engine, side by side. See README.md.

python tests/benchmarks/run.py [--quick] [--limits] [--format] [--editor] [--simulate] [--rows N] [--actions 10,50,200,1000] [--json FILE] [--record]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
if str(ROOT) not in sys.path:  # a checkout that is not installed
    sys.path.insert(0, str(ROOT))
os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p)

from compare import compare  # noqa: E402
from editor import measure_editor  # noqa: E402
from layout import measure_layout  # noqa: E402
from limits import measure_limits  # noqa: E402
from memory import measure_run  # noqa: E402
from report import Results, into, markdown, summary  # noqa: E402
from simulating import measure_simulations  # noqa: E402
from starts import kernel_compile_seconds, measure_starts  # noqa: E402
from ways import WAYS  # noqa: E402

MOST_EVALUATIONS = 200_000_000  # in one run of one way: larger policies decide fewer people
T = TypeVar("T")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a small policy, few people, once: does it work?"
    )
    parser.add_argument("--rows", type=int, help="people; 1,000,000")
    parser.add_argument("--actions", help="sizes of the policy; 10,50,200,1000")
    parser.add_argument("--rounds", type=int, help="how often each way decides; 7")
    parser.add_argument("--file-gb", type=float, help="size of the larger Parquet file; 2, 0 for none")
    parser.add_argument(
        "--parts",
        default="compare,starts,format,memory,limits,editor,simulate",
        help="what to measure; all of it",
    )
    parser.add_argument("--limits", action="store_true", help="the same as --parts limits")
    parser.add_argument("--format", action="store_true", help="the same as --parts format")
    parser.add_argument("--editor", action="store_true", help="the same as --parts editor")
    parser.add_argument("--simulate", action="store_true", help="the same as --parts simulate")
    parser.add_argument("--folder", type=Path, help="where the history of the limits stays for the next time")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured")
    parser.add_argument(
        "--record",
        action="store_true",
        help="write the tables into RESULTS.md, the first one into the project's README.md",
    )
    given = parser.parse_args()
    alone = [part for part in ("limits", "format", "editor", "simulate") if getattr(given, part)]
    given.parts = ",".join(alone) or given.parts
    given.rows = given.rows or (4_000 if given.quick else 1_000_000)
    given.actions = [
        int(n) for n in (given.actions or ("10" if given.quick else "10,50,200,1000")).split(",")
    ]
    given.rounds = given.rounds or (1 if given.quick else 7)
    if given.file_gb is None:
        given.file_gb = 0.0 if given.quick else 2.0
    return given


def measure(given: argparse.Namespace, folder: Path) -> Results:
    """All parts that were asked for."""
    parts = set(given.parts.split(","))
    repeats = 1 if given.quick else 5
    sizes = [given.file_gb * 1e8, given.file_gb * 1e9] if given.file_gb else []
    return Results(
        comparisons=each(
            "compare" in parts,
            "comparing ways with {:,} actions",
            given.actions,
            lambda n: compare(n, min(given.rows, MOST_EVALUATIONS // n), given.rounds, folder),
        ),
        starts=each(
            "starts" in parts,
            "compiling {:,} actions",
            given.actions,
            lambda n: measure_starts(n, repeats, folder),
        ),
        kernel=kernel_compile_seconds(folder) if "starts" in parts and not given.quick else None,
        runs=each(
            "memory" in parts,
            "deciding a file of {:,.0f} bytes",
            sizes,
            lambda size: measure_run(50, int(size), folder),
        ),
        layouts=each(
            "format" in parts,
            "laying out {:,} lines",
            [200 if given.quick else 2_000],
            lambda lines: measure_layout(lines, 4 * repeats),
        ),
        limits=each(
            "limits" in parts,
            "{:,} people with limits",
            [given.rows],
            lambda rows: measure_limits(rows, 50, given.rounds, folder, given.folder or folder),
        ),
        editor=each(
            "editor" in parts,
            "an editor over {:,} lines",
            [400 if given.quick else 2_000],
            lambda lines: measure_editor(lines, 5 if given.quick else 200, repeats, folder),
        ),
        simulations=each(
            "simulate" in parts,
            "simulating {:,} people",
            [given.rows],
            lambda rows: measure_simulations(rows, 50, folder),
        ),
    )


N = TypeVar("N", int, float)


def each(wanted: bool, note: str, sizes: Iterable[N], function: Callable[[N], T]) -> tuple[T, ...]:
    """The function of every size, telling what goes on."""
    found = []
    for size in sizes if wanted else ():
        print(note.format(size), "…", file=sys.stderr, flush=True)
        found.append(function(size))
    return tuple(found)


def main() -> None:
    given = arguments()
    for entry in WAYS:
        if entry.missing:
            print(f"!!! LEFT OUT: {entry.title}: {entry.needs} is not installed !!!", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="nba-benchmark-") as folder:
        results = measure(given, Path(folder))
    texts = markdown(results)
    print("\n".join(texts.values()))
    if given.json:
        Path(given.json).write_text(json.dumps(results.as_dict(), indent=1), encoding="utf-8")
    if given.record:
        for mark, text in texts.items():
            into(Path(__file__).with_name("RESULTS.md"), text, mark)
        if results.comparisons:
            into(ROOT / "README.md", summary(results))


if __name__ == "__main__":
    main()
