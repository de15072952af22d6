"""A plan: a policy as plain data, ready to be executed.

`lower` makes it from a program, `artefact` saves and loads it, `verify` refuses a bad one, the engine
runs it. It holds the facts by which decisions are named, and no expressions: those have become
instructions (see `ops`) over columns, constants and registers.

A run fills the constants marked as given or tested, executes the part `once` for a single row (which
computes everything that is the same for everybody), then the part `main` for each block of rows. Where an
operation was undefined for somebody, the part `audit` counts for whom, block by block.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.program.facts import Facts

# Kinds of columns, as `ops` writes them.
NUMBER, FLAG, WORDS, TEXT, SET, PAIR = "number", "flag", "words", "text", "set", "pair"

ALL, VALID = 0, 1  # mask registers that hold every row, and every row that is not bad data


@dataclass(frozen=True, slots=True)
class Source:
    """Where values of a person come from: a `field` of the profile, the `arm` of an experiment, or a `holdout`."""

    name: str
    kind: str = "field"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the plan reads.

    `part`: of a set, which 64 of its words. `other`: of a pair, its second column.
    """

    kind: str
    source: Source
    part: int = 0
    other: Source | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """A question about a text, answered once for each distinct value of a column.

    `op`: `member` (is one of `values`), `starts`, `ends`, `contains` (`values[0]`), or `known`.
    `given`: instead of `values`, the name of the given text. `answer`: yes or no is asked for; an unknown
    text or pattern is neither. `column`: index of the column, -1 where `given_operand` is asked instead.
    """

    op: str
    values: tuple[str, ...]
    answer: bool = True
    given: str | None = None
    column: int = -1


@dataclass(frozen=True, slots=True)
class RunTest:
    """A question about a given text, word, or set: once a run, its answer (1, 0, or unknown) is a constant.

    `op`: as `Test`, or `any` or `all` of a set. The operand is the given `operand`, or the text `literal`.
    """

    slot: int
    op: str
    operand: str | None
    literal: str
    values: tuple[str, ...]
    given: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of the code begin; -1: there is no such part."""

    once: int
    main: int
    audit: int


@dataclass(frozen=True, slots=True)
class Undefined:
    """An operation that can be undefined, as reports name it."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What choosing needs to know of the candidates; tuples have one entry for each.

    `sends`: number register of the moment of sending, or -1. `most_*`: how often an action, a group, a
    channel may be picked (0: as often as it likes). `among`: candidates that exploring may choose.
    """

    pick: int
    tiers: int
    actions: tuple[int, ...]
    groups: tuple[int, ...]
    channels: tuple[int, ...]
    sends: tuple[int, ...]
    most_action: int
    most_group: int
    most_channel: int
    explores: bool
    share: float
    among: tuple[bool, ...]
    has_fallback: bool


@dataclass(frozen=True, slots=True)
class HoldoutUse:
    """A holdout: `active` is the constant that says whether it is, -1: always."""

    name: str
    share: float
    by: str
    seed: str
    active: int


@dataclass(frozen=True, slots=True)
class Plan:
    """See the module's docstring.

    `code`: instructions, flat, `ops.WIDTH` numbers each. `lists`: what instructions refer to. `constants`:
    as the run begins; `givens`: (slot, name) to be filled. `masks`: 64-bit sets. `rules`: the number
    of the first counter of each candidate's rules. `active`: for each candidate the constant that says whether
    it is active, -1: always. `mask_registers`, `number_registers`: how many there are.
    """

    facts: Facts
    parts: Parts
    code: tuple[int, ...]
    lists: tuple[int, ...]
    constants: tuple[float, ...]
    masks: tuple[int, ...]
    columns: tuple[Column, ...]
    tests: tuple[Test, ...]
    givens: tuple[tuple[int, str], ...]
    run_tests: tuple[RunTest, ...]
    rules: tuple[int, ...]
    active: tuple[int, ...]
    fallbacks: tuple[bool, ...]
    undefined: tuple[Undefined, ...]
    chosen: Chosen
    holdouts: tuple[HoldoutUse, ...]
    mask_registers: int
    number_registers: int
    uses_zone: bool

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the profile that columns are made of."""
        sources = [s for c in self.columns for s in (c.source, c.other) if s is not None]
        return frozenset(s.name for s in sources if s.kind == "field")

    @property
    def used(self) -> frozenset[str]:
        """The fields of the profile that a decision can depend on: of columns, of chance, and of limits."""
        facts = self.facts
        by = [*(e.by for e in facts.experiments), *(h.by for h in self.holdouts)]
        asked = {name for limit in facts.limits for name in (limit.subject, limit.window.since) if name}
        return (frozenset({facts.key, *by, *asked}) | self.fields) & {i.name for i in facts.inputs}

    @property
    def rule_counters(self) -> int:
        """Two counters a rule: people it stopped first, and those among them for whom it was unknown."""
        return 2 * sum(len(c.rules) for c in self.facts.candidates)

    @property
    def counters(self) -> int:
        """All counters: of rules, five of each candidate (`FATES`), and of undefined operations."""
        return self.rule_counters + len(FATES) * len(self.facts.candidates) + len(self.undefined)


# Counters of a candidate, after those of rules.
FATES = ("quiet", "no score", "threshold", "passed", "chosen")
