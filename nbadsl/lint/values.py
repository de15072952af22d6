"""What is known of a value before any person is seen: the abstract values that `facts` computes with.

A flag is a set of answers (`YES`, `NO`, `UNKNOWN`, as bits). A number lies in an interval, a text or word is one
of a few or not one of a few, a set has some words and can have others; each may be unknown, may be known, or
both. Every value here stands for all the values that it allows, so what it rules out never happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import nextafter
from typing import TypeAlias

from nbadsl.program.intervals import EVERYTHING, MAX

YES, NO, UNKNOWN = 1, 2, 4
KNOWN, ANY = YES | NO, YES | NO | UNKNOWN
Answers: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Numbers:
    """Doubles from `low` to `high`; `whole`: whole numbers only."""

    low: float = EVERYTHING[0]
    high: float = EVERYTHING[1]
    unknown: bool = False
    known: bool = True
    whole: bool = False

    @property
    def fits(self) -> bool:
        return self.low <= self.high

    def within(self, low: float, high: float) -> Numbers:
        if low <= self.low and high >= self.high:
            return self
        return Numbers(max(self.low, low), min(self.high, high), self.unknown, self.known, self.whole)

    def below(self, other: Numbers) -> Numbers:
        """Those that are less than some value of another."""
        end = self.high if other.high > self.high else _before(other.high, self.whole)
        return self.within(-MAX, end)

    def above(self, other: Numbers) -> Numbers:
        start = self.low if other.low < self.low else -_before(-other.low, self.whole)
        return self.within(start, MAX)

    def but(self, other: Numbers) -> Numbers:
        """Those that differ from the only value of another, as far as that is an end of these."""
        if other.low != other.high:
            return self
        if other.low == self.low:
            return self.above(other)
        return self.below(other) if other.low == self.high else self

    def meet(self, other: Numbers) -> Numbers:
        return Numbers(
            max(self.low, other.low),
            min(self.high, other.high),
            self.unknown and other.unknown,
            self.known and other.known,
            self.whole,
        )

    def join(self, other: Numbers) -> Numbers:
        if not (self.known and other.known):
            shown = self if self.known else other
            return replace(shown, unknown=self.unknown or other.unknown)
        return Numbers(
            min(self.low, other.low),
            max(self.high, other.high),
            self.unknown or other.unknown,
            True,
            self.whole and other.whole,
        )


def _before(limit: float, whole: bool) -> float:
    """The largest number below a limit."""
    return (limit // 1 if limit % 1 else limit - 1) if whole else nextafter(limit, -MAX)


@dataclass(frozen=True, slots=True)
class Texts:
    """One of some texts or words (None: any text but those in `without`)."""

    among: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    unknown: bool = False
    known: bool = True

    @property
    def fits(self) -> bool:
        return self.among is None or bool(self.among)

    def can_be(self, text: str) -> bool:
        return text in self.among if self.among is not None else text not in self.without

    def only(self, texts: Iterable[str]) -> Texts:
        return replace(self, among=frozenset(t for t in texts if self.can_be(t)), without=frozenset())

    def but(self, texts: Iterable[str]) -> Texts:
        if self.among is None:
            return replace(self, without=self.without | frozenset(texts))
        return replace(self, among=self.among - frozenset(texts))

    def meet(self, other: Texts) -> Texts:
        both = self.but(other.without) if other.among is None else self.only(other.among)
        return replace(both, unknown=self.unknown and other.unknown, known=self.known and other.known)

    def join(self, other: Texts) -> Texts:
        unknown = self.unknown or other.unknown
        if not (self.known and other.known):
            return replace(self if self.known else other, unknown=unknown)
        if self.among is not None and other.among is not None:
            return Texts(self.among | other.among, frozenset(), unknown)
        without = frozenset(
            t for t in self.without | other.without if not (self.can_be(t) or other.can_be(t))
        )
        return Texts(None, without, unknown)


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets that have all words of `has`, and none that is not in `can`."""

    has: frozenset[str]
    can: frozenset[str]
    unknown: bool = False
    known: bool = True

    @property
    def fits(self) -> bool:
        return self.has <= self.can

    def meet(self, other: Sets) -> Sets:
        return Sets(
            self.has | other.has,
            self.can & other.can,
            self.unknown and other.unknown,
            self.known and other.known,
        )

    def join(self, other: Sets) -> Sets:
        unknown = self.unknown or other.unknown
        if not (self.known and other.known):
            return replace(self if self.known else other, unknown=unknown)
        return Sets(self.has & other.has, self.can | other.can, unknown)


Known: TypeAlias = Numbers | Texts | Sets


def both(a: Answers, b: Answers) -> Answers:
    """Kleene's `and` of any answer of one and any of the other."""
    found = (a | b) & NO
    if a & YES and b & YES:
        found |= YES
    if (a & UNKNOWN and b & (YES | UNKNOWN)) or (b & UNKNOWN and a & YES):
        found |= UNKNOWN
    return found


def opposite(answers: Answers) -> Answers:
    """`not` of each answer."""
    return answers & UNKNOWN | (NO if answers & YES else 0) | (YES if answers & NO else 0)
