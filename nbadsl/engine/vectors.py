"""Loops over arrays of numbers, written once as LLVM vector code.

The kernel's inner loops live here. Each is a Numba intrinsic: a function that the kernel calls like any
other, and whose body is LLVM code built from a small description, such as `builder.fadd` for `add` (see `llvm`).
Elementwise loops allow the destination to be a source.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nbadsl.engine.exponential import exponential
from nbadsl.engine.llvm import (
    ELEMENT,
    F32,
    F64,
    I8,
    I64,
    LANES,
    ZERO,
    Builder,
    Value,
    call,
    constant,
    load_at,
    nothing,
    splat,
    steps,
    store_at,
    whole_steps,
)

# --- elementwise arithmetic ----------------------------------------------------------------------


def _minimum(b: Builder, x: Value, y: Value) -> Value:
    """The smaller, the left one of two equals; NaN if either is."""
    return b.select(b.fcmp_unordered("uno", y, y), y, b.select(b.fcmp_ordered("<", y, x), y, x))


def _maximum(b: Builder, x: Value, y: Value) -> Value:
    return b.select(b.fcmp_unordered("uno", y, y), y, b.select(b.fcmp_ordered(">", y, x), y, x))


BINARY: dict[str, Callable[[Builder, Value, Value], Value]] = {
    "add": lambda b, x, y: b.fadd(x, y),
    "sub": lambda b, x, y: b.fsub(x, y),
    "mul": lambda b, x, y: b.fmul(x, y),
    "div": lambda b, x, y: b.fdiv(x, y),
    "min": _minimum,
    "max": _maximum,
    # The left value, or the right one where the left is unknown.
    "or_else": lambda b, x, y: b.select(b.fcmp_unordered("uno", x, x), y, x),
}


UNARY: dict[str, Callable[[Builder, Value], Value]] = {
    "neg": lambda b, x: b.fneg(x),
    "abs": lambda b, x: call(b, "llvm.fabs", x),
    "floor": lambda b, x: call(b, "llvm.floor", x),
    "ceil": lambda b, x: call(b, "llvm.ceil", x),
    "round": lambda b, x: call(b, "llvm.round", x),
    "sqrt": lambda b, x: call(b, "llvm.sqrt", x),
    "exp": exponential,
    "logistic": lambda b, x: b.fdiv(
        constant(x.type, 1.0), b.fadd(exponential(b, b.fneg(x)), constant(x.type, 1.0))
    ),
}


def binary(name: str, left: str, right: str) -> Any:
    """`f(dst, a, b, count)`: dst[i] = a[i] op b[i]. `left` and `right`: "v", an address, or "c", a constant."""
    operation = BINARY[name]

    @intrinsic
    def loop(typingctx, dst, a, b, count):
        kinds = [types.int64 if side == "v" else types.float64 for side in (left, right)]

        def codegen(context, builder, signature, arguments):
            target, x, y, n = arguments
            whole = whole_steps(builder, n, LANES)
            wide = [v if s == "v" else splat(builder, v, LANES) for v, s in ((x, left), (y, right))]

            def vector(i: Value) -> None:
                parts = [
                    load_at(builder, v, i, ir.VectorType(F64, LANES), 8) if s == "v" else v
                    for v, s in zip(wide, (left, right), strict=True)
                ]
                store_at(builder, operation(builder, *parts), target, i, 8)

            def scalar(i: Value) -> None:
                parts = [
                    load_at(builder, v, i, F64, 8) if s == "v" else v for v, s in ((x, left), (y, right))
                ]
                store_at(builder, operation(builder, *parts), target, i, 8)

            steps(builder, ZERO, whole, LANES, vector)
            steps(builder, whole, n, 1, scalar)
            return nothing(builder, context)

        return types.void(types.int64, kinds[0], kinds[1], types.int64), codegen

    return loop


def unary(name: str) -> Any:
    """`f(dst, a, count)`: dst[i] = op(a[i])."""
    operation = UNARY[name]

    @intrinsic
    def loop(typingctx, dst, a, count):
        def codegen(context, builder, signature, arguments):
            target, x, n = arguments
            whole = whole_steps(builder, n, LANES)

            def vector(i: Value) -> None:
                value = load_at(builder, x, i, ir.VectorType(F64, LANES), 8)
                store_at(builder, operation(builder, value), target, i, 8)

            def scalar(i: Value) -> None:
                store_at(builder, operation(builder, load_at(builder, x, i, F64, 8)), target, i, 8)

            steps(builder, ZERO, whole, LANES, vector)
            steps(builder, whole, n, 1, scalar)
            return nothing(builder, context)

        return types.void(types.int64, types.int64, types.int64), codegen

    return loop


# --- choosing, checking, converting -------------------------------------------------------------------


def blend(left: str, right: str) -> Any:
    """`f(dst, mask, flip, a, b, count)`: dst[i] = a[i] where bit i of mask (xor flip) is set, else b[i]."""

    @intrinsic
    def loop(typingctx, dst, mask, flip, a, b, count):
        kinds = [types.int64 if side == "v" else types.float64 for side in (left, right)]

        def codegen(context, builder, signature, arguments):
            target, bits, turn, x, y, n = arguments
            whole = whole_steps(builder, n, LANES)
            turn = builder.trunc(turn, I8)
            wide = [v if s == "v" else splat(builder, v, LANES) for v, s in ((x, left), (y, right))]

            def byte(i: Value) -> Value:
                place = builder.lshr(i, ir.Constant(I64, 3))
                return builder.xor(load_at(builder, bits, place, I8, 1), turn)

            def vector(i: Value) -> None:
                parts = [
                    load_at(builder, v, i, ir.VectorType(F64, LANES), 8) if s == "v" else v
                    for v, s in zip(wide, (left, right), strict=True)
                ]
                chosen = builder.bitcast(byte(i), ir.VectorType(ir.IntType(1), LANES))
                store_at(builder, builder.select(chosen, *parts), target, i, 8)

            def scalar(i: Value) -> None:
                parts = [
                    load_at(builder, v, i, F64, 8) if s == "v" else v for v, s in ((x, left), (y, right))
                ]
                place = builder.trunc(builder.and_(i, ir.Constant(I64, 7)), I8)
                chosen = builder.trunc(builder.lshr(byte(i), place), ir.IntType(1))
                store_at(builder, builder.select(chosen, *parts), target, i, 8)

            steps(builder, ZERO, whole, LANES, vector)
            steps(builder, whole, n, 1, scalar)
            return nothing(builder, context)

        signature = types.void(types.int64, types.int64, types.int64, kinds[0], kinds[1], types.int64)
        return signature, codegen

    return loop


MAX = 1.7976931348623157e308


@intrinsic
def check(typingctx, dst, a, b, count):
    """`f(dst, a, b, count)`: make results that are not finite unknown. Gives 1 if one had known operands a, b, else 0.

    A unary operation gives its operand twice.
    """

    def codegen(context, builder, signature, arguments):
        target, x, y, n = arguments
        whole = whole_steps(builder, n, LANES)
        born = cgutils.alloca_once_value(builder, ZERO)

        def step(i: Value, lanes: int) -> None:
            kind = F64 if lanes == 1 else ir.VectorType(F64, lanes)

            value, left, right = (load_at(builder, v, i, kind, 8) for v in (target, x, y))
            bad = builder.fcmp_unordered(">", call(builder, "llvm.fabs", value), constant(kind, MAX))
            known = builder.fcmp_ordered("ord", left, right)
            new = builder.and_(bad, known)
            new = new if lanes == 1 else builder.bitcast(new, ir.IntType(lanes))
            builder.store(builder.or_(builder.load(born), builder.zext(new, I64)), born)
            store_at(builder, builder.select(bad, constant(kind, float("nan")), value), target, i, 8)

        steps(builder, ZERO, whole, LANES, lambda i: step(i, LANES))
        steps(builder, whole, n, 1, lambda i: step(i, 1))
        some = builder.icmp_unsigned("!=", builder.load(born), ZERO)
        return builder.zext(some, I64)

    return types.int64(types.int64, types.int64, types.int64, types.int64), codegen


def convert(element: str) -> Any:
    """`f(dst, a, count)`: dst[i] = a[i] as a double."""
    type, size, signed = ELEMENT[element]

    @intrinsic
    def loop(typingctx, dst, a, count):
        def codegen(context, builder, signature, arguments):
            target, x, n = arguments
            whole = whole_steps(builder, n, LANES)

            def step(i: Value, lanes: int) -> None:
                kind = type if lanes == 1 else ir.VectorType(type, lanes)
                double = F64 if lanes == 1 else ir.VectorType(F64, lanes)
                value = load_at(builder, x, i, kind, size)
                if type is F32:
                    value = builder.fpext(value, double)
                elif type is not F64:
                    value = builder.sitofp(value, double) if signed else builder.uitofp(value, double)
                store_at(builder, value, target, i, 8)

            steps(builder, ZERO, whole, LANES, lambda i: step(i, LANES))
            steps(builder, whole, n, 1, lambda i: step(i, 1))
            return nothing(builder, context)

        return types.void(types.int64, types.int64, types.int64), codegen

    return loop


def fill() -> Any:
    """`f(dst, value, count)`: dst[i] = value."""

    @intrinsic
    def loop(typingctx, dst, value, count):
        def codegen(context, builder, signature, arguments):
            target, x, n = arguments
            whole = whole_steps(builder, n, LANES)
            wide = splat(builder, x, LANES)
            steps(builder, ZERO, whole, LANES, lambda i: store_at(builder, wide, target, i, 8))
            steps(builder, whole, n, 1, lambda i: store_at(builder, x, target, i, 8))
            return nothing(builder, context)

        return types.void(types.int64, types.float64, types.int64), codegen

    return loop


# --- single elements ------------------------------------------------------------------------------


def load(element: str) -> Any:
    """`f(address, index)`: an element as int64 or double."""
    type, size, signed = ELEMENT[element]
    floating = isinstance(type, ir.FloatType | ir.DoubleType)

    @intrinsic
    def at(typingctx, address, index):
        def codegen(context, builder, signature, arguments):
            value = load_at(builder, arguments[0], arguments[1], type, size)
            if type is F32:
                return builder.fpext(value, F64)
            if floating or size == 8:
                return value
            return builder.sext(value, I64) if signed else builder.zext(value, I64)

        return (types.float64 if floating else types.int64)(types.int64, types.int64), codegen

    return at


def store(element: str) -> Any:
    """`f(address, index, value)`: write an element, given as int64 or double."""
    type, size, _ = ELEMENT[element]
    floating = isinstance(type, ir.FloatType | ir.DoubleType)

    @intrinsic
    def at(typingctx, address, index, value):
        def codegen(context, builder, signature, arguments):
            address, index, value = arguments
            if not floating and size < 8:
                value = builder.trunc(value, type)
            store_at(builder, value, address, index, size)
            return nothing(builder, context)

        return types.void(types.int64, types.int64, types.float64 if floating else types.int64), codegen

    return at
