"""Makes one instruction of several that compute what scores are made of, so that each walks over the rows once.

    gather x; mul k                     scaled         a weight times a field
    scaled; add r                       plus_scaled    one more term of a sum
    neg; exp; add 1; divide 1 by it     logistic       the logistic function

Takes a part's instructions with virtual registers, gives fewer that compute the same bits. Two become one when
the first one's result is read by the second alone and the current rows are the same at both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from nbadsl.plan.emit import Block, Instruction, Label, Reg
from nbadsl.plan.ops import BY_NAME
from nbadsl.plan.registers import touched

_CHANGES_ROWS = {"select", "dense", "keep"}


def fuse(block: Block, constants: Sequence[float], kept: Sequence[Reg]) -> Block:
    """A part with fused instructions. `kept`: registers that are read when the part has ended."""
    uses = Counter(number for i in _instructions(block) for kind, number in touched(i) if kind == "f")
    uses.update(r.number for r in kept)
    made: dict[int, Instruction] = {}
    dropped: set[int] = set()
    fused: Block = []

    def only(register: int, name: str) -> Instruction | None:
        """The instruction that made a register, if it has this name and what it made is read once."""
        found = made.get(register)
        return found if found is not None and found.name == name and uses[register] == 2 else None

    def is_one(slot: int) -> bool:
        return constants[slot] == 1.0

    for item in block:
        if isinstance(item, Label) or item.name in _CHANGES_ROWS:
            made.clear()
        else:
            item = _joined(item, only, is_one, dropped)
            if "F" in BY_NAME[item.name].operands:
                made[item.operands[0]] = item
        fused.append(item)
    return [i for i in fused if isinstance(i, Label) or id(i) not in dropped]


def _joined(
    item: Instruction,
    only: Callable[[int, str], Instruction | None],
    is_one: Callable[[int], bool],
    dropped: set[int],
) -> Instruction:
    """The instruction that does this one's work and that of those before it, which are then dropped."""
    match item.name, item.operands:
        case "mul_vc", [target, x, k] if first := only(x, "gather"):
            dropped.add(id(first))
            return Instruction("scaled", [target, first.operands[1], k])
        case "add_vv", [target, x, y]:
            for total, term in ((x, y), (y, x)):
                if first := only(term, "scaled"):
                    dropped.add(id(first))
                    return Instruction("plus_scaled", [target, total, *first.operands[1:]])
        case "div_cv", [target, k, x] if is_one(k):
            add = only(x, "add_vc")
            power = only(add.operands[1], "exp") if add and is_one(add.operands[2]) else None
            negated = only(power.operands[1], "neg") if power else None
            if add and power and negated:
                dropped |= {id(add), id(power), id(negated)}
                return Instruction("logistic", [target, negated.operands[1]])
    return item


def _instructions(block: Block) -> list[Instruction]:
    return [item for item in block if isinstance(item, Instruction)]
