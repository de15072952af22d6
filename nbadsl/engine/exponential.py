"""`program.exponential` as vector code: the same operations in the same order, so the same bits."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from llvmlite import ir

from nbadsl.engine.llvm import I32, I64, Builder, Value, call, constant
from nbadsl.program import exponential as e


def _power_of_two(b: Builder, exponent: Value, double: ir.Type) -> Value:
    """2^exponent, by writing the exponent's bits."""
    bits = b.shl(b.add(exponent, constant(exponent.type, 1023)), constant(exponent.type, 52))
    return b.bitcast(bits, double)


def exponential(b: Builder, x: Value) -> Value:
    """The same operations in the same order as `program.exponential`."""
    double = x.type
    whole, short = I64, I32
    if isinstance(double, ir.VectorType):
        whole, short = ir.VectorType(I64, double.count), ir.VectorType(I32, double.count)

    def number(value: float) -> Value:
        return constant(double, value)

    inside = b.select(b.fcmp_ordered("<", x, number(e.HIGHEST)), x, number(e.HIGHEST))
    inside = b.select(b.fcmp_ordered(">", inside, number(e.LOWEST)), inside, number(e.LOWEST))
    k = call(b, "llvm.floor", b.fadd(b.fmul(inside, number(e.PER_LN_2)), number(0.5)))
    high = b.fsub(inside, b.fmul(k, number(e.LN_2_HIGH)))
    low = b.fmul(k, number(e.LN_2_LOW))
    r = b.fsub(high, low)
    rest = number(0.0)
    for factor in e.SERIES:
        rest = b.fadd(b.fmul(rest, r), number(factor))
    power = b.fadd(number(1.0), b.fsub(high, b.fsub(low, b.fmul(b.fmul(r, r), rest))))
    exponent = b.fptosi(k, short)
    half = b.ashr(exponent, constant(short, 1))
    for each in (half, b.sub(exponent, half)):
        power = b.fmul(power, _power_of_two(b, b.sext(each, whole), double))
    return b.select(b.fcmp_unordered("uno", x, x), x, power)
