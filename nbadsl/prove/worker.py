"""Asks questions in a process of its own, which is ended when it takes too long.

z3 is given a time for each question and mostly keeps it. Where it does not, the process is killed, the question is
unknown, and another process goes on with those that are left. So it does where a process ends by itself; that is
told as a failure of the prover.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from nbadsl import child
from nbadsl.prove.answers import FAILED, UNKNOWN, Answer
from nbadsl.prove.questions import AT_MOST, GUARANTEE, Options, Question, prover

_GRACE = 20.0  # seconds for starting, and for what is done beside z3
_SEARCHES = 4  # questions that z3 may be asked for one answer


def ask(
    paths: tuple[Path, ...],
    questions: Sequence[Question],
    options: Options,
    begins: Callable[[Question], None] = lambda question: None,
) -> Iterator[Answer]:
    """Answers to questions about policies without errors, as they come. `begins`: is told what is asked now."""
    left = list(questions)
    while left:
        asker = _Asker(paths, left, options)
        try:
            for question in list(left):
                begins(question)
                heard = yield from asker.hear(question)
                left.remove(question)
                if not heard:
                    break
        finally:
            asker.end()


class _Asker:
    """One process."""

    def __init__(self, paths: tuple[Path, ...], questions: Sequence[Question], options: Options) -> None:
        context = get_context("spawn")
        self.options = options
        self.here, there = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_work, args=(there, paths, tuple(questions), options), daemon=True
        )
        with child.safely():
            self.process.start()
        there.close()

    def hear(self, question: Question) -> Generator[Answer, None, bool]:
        """The answers to a question; whether it came to its end."""
        kind = GUARANTEE if question.kind == AT_MOST else question.kind
        patience = _GRACE + _SEARCHES * self.options.seconds
        try:
            while self.here.poll(patience):
                answer = self.here.recv()
                if answer is None:
                    return True
                yield answer
        except (EOFError, OSError):  # at its end, or within an answer
            yield Answer(kind, question.name, FAILED, f"the prover's process ended with {self._ending()}")
            return False
        yield Answer(kind, question.name, UNKNOWN, "could not be told", why="time")
        return False

    def _ending(self) -> str:
        """How the process ended, in words."""
        self.process.join()
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"code {code}"

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.here.close()


def _work(
    there: Connection, paths: tuple[Path, ...], questions: tuple[Question, ...], options: Options
) -> None:
    asked = prover(paths, options)
    for question in questions:
        for answer in asked.answers(question):
            there.send(answer)
        there.send(None)
