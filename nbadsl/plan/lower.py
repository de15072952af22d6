"""program -> plan.

Takes a typed program, gives a plan. The code of a candidate, in file order, is

    what it shares with later candidates, for all rows (dense)
    skip            unless it is active in this run
    its own tests   dense
    gate            rules one by one, each stopping people, counting them; jump if nobody is left
    select          the rows that are left become the current ones (compact); jump if none
    its score       for those rows only
    keep            those that have a score, and one that is not below the threshold
    best            offered as this person's choice

so that most people cost most candidates a few instructions on bit masks. See `flags` for rules and their
unknowns, `numbers` for arithmetic, `scope` for what is computed where, `audit` for the counting of
undefined operations, `fuse` for making one instruction of several.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbadsl.plan import audit
from nbadsl.plan.deep import deep
from nbadsl.plan.emit import ALL, NONE, Block, Const, Instruction, Label, Mask, Reg, Tables
from nbadsl.plan.fuse import fuse
from nbadsl.plan.plan import FATES, Chosen, HoldoutUse, Parts, Plan, Undefined
from nbadsl.plan.ranges import Ranges
from nbadsl.plan.registers import Layout, lay_out
from nbadsl.plan.scope import Compact, Dense, Once, Uniform
from nbadsl.plan.uses import Uses
from nbadsl.program import nodes
from nbadsl.program.facts import facts_of
from nbadsl.program.nodes import Candidate, Program, Rule
from nbadsl.program.rewrites import Rewriter
from nbadsl.source import Span


def lower(program: Program) -> Plan:
    """The plan of a program."""
    with deep(program):
        return _Lowering(program).plan()


class _Lowering:
    def __init__(self, written: Program) -> None:
        self.written, self.rewriter = written, Rewriter()
        self.program = program = self.rewriter.program(written)
        self.tables = Tables()
        self.ranges = Ranges(program)
        self.uses = Uses(program)
        uniform = Uniform()
        self.once = Once(self.tables, self.ranges)
        self.dense = Dense(self.tables, self.ranges, self.once, uniform, self.uses.is_shared)
        self.main: Block = []
        self.sends: list[Reg | None] = []
        self.active: list[int] = []
        self.rule_counter = [0]
        for candidate in program.candidates:
            self.rule_counter.append(self.rule_counter[-1] + 2 * len(candidate.rules))

    # --- the whole ---

    def plan(self) -> Plan:
        self.threshold = self._threshold()
        for index, candidate in enumerate(self.program.candidates):
            self._candidate(index, candidate)
        holdouts = tuple(
            HoldoutUse(h.name, h.share, h.by, h.seed, self._active(h.active)) for h in self.program.holdouts
        )
        end = Instruction("end", [])
        sends = [register for register in self.sends if register is not None]
        counting = audit.block(self.written, self.rewriter, self.tables, self.ranges)
        for instruction in counting:
            # Their counters stand after those of rules and candidates.
            if isinstance(instruction, Instruction) and instruction.name == "count":
                instruction.operands[1] += self._counter(len(self.program.candidates), FATES[0])
        main = fuse([*self.main, end], self.tables.constants, sends)
        layout = lay_out(
            [[*self.once.shared, end], main, [*counting, end] if counting else []], [[], sends, []]
        )
        return self._assemble(layout, holdouts)

    def _assemble(self, layout: Layout, holdouts: tuple[HoldoutUse, ...]) -> Plan:
        program, tables = self.program, self.tables
        return Plan(
            facts=facts_of(program),
            parts=Parts(*layout.starts),
            code=layout.code,
            lists=layout.lists,
            constants=tuple(tables.constants),
            masks=tuple(tables.masks),
            columns=tuple(tables.columns),
            tests=tuple(tables.tests),
            givens=tuple((slot, name) for name, slot in tables.givens.items()),
            run_tests=tuple(tables.run_tests),
            rules=tuple(self.rule_counter[:-1]),
            active=tuple(self.active),
            fallbacks=tuple(c.score is None for c in program.candidates),
            undefined=tuple(_undefined(origin) for origin in tables.origins),
            chosen=self._chosen([-1 if s is None else layout.numbers[s.number] for s in self.sends]),
            holdouts=holdouts,
            mask_registers=layout.mask_registers,
            number_registers=layout.number_registers,
            uses_zone=layout.uses("local"),
        )

    def _chosen(self, sends: list[int]) -> Chosen:
        program, most = self.program, {m.by: m.count for m in self.program.arbitration.most}
        explore = program.explore
        among = set(explore.among) if explore else set()
        candidates = program.candidates
        return Chosen(
            pick=program.arbitration.pick,
            tiers=max([t.rank for c in candidates for t in c.tiers], default=0) + 1,
            actions=_numbered([c.action for c in candidates]),
            groups=_numbered([c.groups[-1] if c.groups else None for c in candidates]),
            channels=_numbered([c.channel for c in candidates]),
            sends=tuple(sends),
            most_action=most.get("action", 1),
            most_group=most.get("group", 0),
            most_channel=most.get("channel", 0),
            explores=explore is not None,
            share=explore.share if explore else 0.0,
            among=tuple(index in among for index in range(len(candidates))),
            has_fallback=any(c.score is None for c in candidates),
        )

    def _threshold(self) -> Const | Reg | None:
        threshold = self.program.arbitration.threshold
        if threshold is None:
            return None
        found = self.dense.number(threshold)
        self._take_shared()
        return found

    def _take_shared(self) -> None:
        self.main += [*self.dense.shared, *self.dense.local]
        self.dense.begin()

    def _active(self, active: nodes.Expr | None) -> int:
        return -1 if active is None else self.once.constant(active).slot

    def _counter(self, candidate: int, fate: str) -> int:
        return self.rule_counter[-1] + candidate * len(FATES) + FATES.index(fate)

    # --- one candidate ---

    def _candidate(self, index: int, candidate: Candidate) -> None:
        dense, end = self.dense, Label()
        dense.begin()
        self.active.append(self._active(candidate.active))
        gate = self._gate(index, candidate, end)
        if candidate.score is None:
            after: Block = [Instruction("stand", [gate.operands[0] * 2, index])]
        else:
            after = self._score(index, candidate, gate.operands[0] * 2, end)
        self.main += dense.shared
        if self.active[-1] >= 0:
            self.main.append(Instruction("skip", [self.active[-1], end]))
        self.main += [*dense.local, gate, *after, end]

    def _gate(self, index: int, candidate: Candidate, end: Label) -> Instruction:
        rules, send_first = [], 0
        for number, rule in enumerate(candidate.rules):
            if candidate.score is None and not rule.binds_fallback:
                continue
            passes, known = self._rule(rule)
            rules.append((passes, known, self.rule_counter[index] + 2 * number))
            send_first += number < candidate.limited
        self.sends.append(None)
        if candidate.send_at is not None:
            send = self.dense.register(candidate.send_at)
            self.sends[-1] = send
            moment = (self.dense.known(candidate.send_at), -1, self._counter(index, "quiet"))
            rules.insert(send_first, moment)
        alive = self.tables.mask()
        return Instruction("gate", [alive >> 1, 0, 0, end], rules=rules)

    def _rule(self, rule: Rule) -> tuple[Mask, Mask]:
        """Rows that a rule lets pass, and (if unknown stops) rows for which it is known; -1: for all."""
        wanted = rule.lets_pass
        if rule.unknown_passes:
            return self.dense.flag(rule.when, not wanted) ^ 1, -1
        known = self.dense.known(rule.when)
        return self.dense.flag(rule.when, wanted), (-1 if known == ALL else known)

    def _score(self, index: int, candidate: Candidate, alive: Mask, end: Label) -> Block:
        assert candidate.score is not None
        compact = Compact(self.dense, self.uses.is_dense)
        score = compact.register(candidate.score)
        for tier in candidate.tiers:
            # The interpreter asks for the tier before the threshold, which is noticed only if something is undefined.
            if tier.when is not None and self.ranges.can_be_undefined(tier.when):
                compact.flag(tier.when, True)
        block: Block = [Instruction("select", [alive, end]), *compact.shared]
        if self.threshold is not None or self.ranges.unknown(candidate.score):
            kept = self.tables.register()
            register = self.threshold.number if isinstance(self.threshold, Reg) else -1
            constant = self.threshold.slot if isinstance(self.threshold, Const) else -1
            block.append(Instruction("keep", [kept.number, score.number, index, register, constant]))
            score, compact = kept, Compact(self.dense, self.uses.is_dense)
        else:
            compact.shared = []
        register, rank = self._tier(candidate, compact)
        block += compact.shared
        block.append(Instruction("best", [score.number, index, register, rank]))
        block.append(Instruction("dense", []))
        return block

    def _tier(self, candidate: Candidate, compact: Compact) -> tuple[int, int]:
        """Register of the rows' tiers, or -1 and the tier of all."""
        rank: Const | Reg = self.tables.literal(float(candidate.tiers[-1].rank))
        constant = candidate.tiers[-1].rank
        for tier in reversed(candidate.tiers[:-1]):
            if tier.when is None:
                rank, constant = self.tables.literal(float(tier.rank)), tier.rank
                continue
            yes = compact.flag(tier.when, True)
            if yes == NONE:
                continue
            if yes == ALL:
                rank, constant = self.tables.literal(float(tier.rank)), tier.rank
                continue
            better = self.tables.literal(float(tier.rank))
            letter, operand = ("v", rank.number) if isinstance(rank, Reg) else ("c", rank.slot)
            rank = compact.emit_number(None, f"blend_c{letter}", yes, better.slot, operand)
        return (rank.number, 0) if isinstance(rank, Reg) else (-1, constant)


def _numbered(names: Sequence[str | None]) -> tuple[int, ...]:
    numbers: dict[str, int] = {}
    return tuple(-1 if name is None else numbers.setdefault(name, len(numbers)) for name in names)


def _undefined(origin: Span | None) -> Undefined:
    if origin is None:
        return Undefined("", 0, "")
    return Undefined(origin.source.path, origin.line, origin.text)
