"""A plan as text, one instruction a line, for people who want to know what a policy became.

main
   14  range       m3 = age >= k0 (18)
   15  gate        m4 = m3, not m2            else 22
"""

from __future__ import annotations

from collections.abc import Iterator

from nbadsl.plan.ops import BY_NAME, COMPARISONS, OPS, WIDTH
from nbadsl.plan.plan import Column, Plan


def show_plan(plan: Plan) -> str:
    """The plan as text."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"registers: {plan.mask_registers} masks, {plan.number_registers} numbers"
    names = {
        plan.parts.once: "once a run",
        plan.parts.main: "every block",
        plan.parts.audit: "undefined operations",
    }
    for at in range(len(plan.code) // WIDTH):
        if at in names:
            yield names[at]
        yield f"{at:6}  {_instruction(plan, plan.code[at * WIDTH : (at + 1) * WIDTH])}"


def _instruction(plan: Plan, code: tuple[int, ...]) -> str:
    op = OPS[code[0]]
    target, rest, end = "", [], ""
    lists = [kind for kind in op.operands if kind in "ln"]
    for kind, value in zip(op.operands, code[1:], strict=False):
        if kind in ("M", "F", "K"):
            target = f"{kind.lower()}{value} = "
        elif kind == "j":
            end = f"   else {value}"
        elif kind not in lists:
            rest.append(_operand(plan, kind, value))
    if op is BY_NAME["gate"]:
        rest.append(_rules(plan, code[2], code[3]))
    if op is BY_NAME["words"]:
        pairs = plan.lists[code[3] : code[3] + 2 * code[4]]
        rest.append(" ".join(f"{a}..{b}" for a, b in zip(pairs[::2], pairs[1::2], strict=True)))
    return f"{op.name:10} {target}{' '.join(rest)}{end}".rstrip()


def _operand(plan: Plan, kind: str, value: int) -> str:
    if kind.startswith("?"):
        return "-" if value < 0 else _operand(plan, kind[1:], value)
    match kind:
        case "m":
            return _mask(value)
        case "f":
            return f"f{value}"
        case "k":
            constant = plan.constants[value]
            return f"k{value}" if constant != constant else f"{constant:g}"
        case "c":
            return COMPARISONS[value]
        case "t":
            test = plan.tests[value]
            asked = test.given or ", ".join(f'"{v}"' for v in test.values)
            return f"{'' if test.answer else 'not '}{test.op} {asked}"
        case "s":
            return f"{plan.masks[value]:#x}"
        case "x":
            return plan.facts.candidates[value].name
        case "o":
            where = plan.undefined[value - (plan.counters - len(plan.undefined))]
            return f"{where.path}:{where.line}"
        case "N" | "B" | "W" | "T" | "S" | "P":
            return _column(plan.columns[value])
    return str(value)


def _mask(value: int) -> str:
    name = {0: "all", 1: "valid"}.get(value >> 1, f"m{value >> 1}")
    return f"not {name}" if value & 1 else name


def _column(column: Column) -> str:
    other = f" and {column.other.name}" if column.other else ""
    return f"{column.source.name}{other}"


def _rules(plan: Plan, first: int, count: int) -> str:
    rules = plan.lists[first : first + 3 * count]
    return ", ".join(_mask(rule) for rule in rules[::3])
