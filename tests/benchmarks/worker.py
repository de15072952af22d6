"""A process that holds one way of deciding, and decides when it is told to.

`python worker.py WAY ACTIONS ROWS FOLDER`. On standard input it takes lines `run THREADS`, and answers each with a line of
JSON: `seconds` that passed, and `cpu`, the seconds that processors worked for it; `answer PATH` saves the last run's
decisions as a NumPy file. It ends when its input does.

Ways have a process each, so that no library's threads, caches or settings meet another's, and so that a number of threads can be
set that a library reads once, when it is imported.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from people import make_people
from policy import make_policy
from ways import BY_NAME


def main(name: str, actions: int, rows: int, folder: Path) -> None:
    way = BY_NAME[name].make(make_policy(actions), folder)
    way.prepare(make_people(rows).slice(0, BY_NAME[name].few))
    print(json.dumps({"version": way.version}), flush=True)
    for line in sys.stdin:
        command, _, operand = line.strip().partition(" ")
        if command == "run":
            start, before = time.perf_counter(), time.process_time()
            way.run(int(operand))
            seconds, cpu = time.perf_counter() - start, time.process_time() - before
            print(json.dumps({"seconds": seconds, "cpu": cpu}), flush=True)
        else:
            chosen, score = way.answer()
            np.savez(operand, chosen=chosen, score=score)
            print("{}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
