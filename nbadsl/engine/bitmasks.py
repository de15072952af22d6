"""Loops that make and combine masks: one bit a row, 64 rows a word, written as LLVM vector code.

A comparison of 512 bits of values is one instruction and its result a few bits; combining the masks of 2,048
rows takes as many steps as eight rows of doubles. See `llvm` for conventions.
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

from nbadsl.engine.llvm import (
    ELEMENT,
    F32,
    F64,
    I64,
    LANES,
    ZERO,
    Builder,
    Value,
    load_at,
    nothing,
    splat,
    steps,
    store_at,
    whole_steps,
)

# --- comparisons to bit masks ----------------------------------------------------------------------


def _mask_loop(
    builder: Builder, dst: Value, count: Value, size: int, test: Callable[[Value, int], Value]
) -> None:
    """Store one bit for each of `count` rows. `test(row, lanes)` gives the comparison of that many rows from `row`."""
    lanes = 64 // size
    whole = whole_steps(builder, count, 64)

    def word(row: Value) -> None:
        bits: Value = ZERO
        for group in range(64 // lanes):
            start = builder.add(row, ir.Constant(I64, group * lanes))
            part = builder.bitcast(test(start, lanes), ir.IntType(lanes))
            part = builder.zext(part, I64) if lanes < 64 else part
            bits = builder.or_(bits, builder.shl(part, ir.Constant(I64, group * lanes)))
        store_at(builder, bits, dst, builder.lshr(row, ir.Constant(I64, 6)), 8)

    steps(builder, ZERO, whole, 64, word)
    with builder.if_then(builder.icmp_signed("<", whole, count)):
        last = cgutils.alloca_once_value(builder, ZERO)

        def bit(row: Value) -> None:
            one = builder.zext(test(row, 1), I64)
            place = builder.sub(row, whole)
            builder.store(builder.or_(builder.load(last), builder.shl(one, place)), last)

        steps(builder, whole, count, 1, bit)
        store_at(builder, builder.load(last), dst, builder.lshr(whole, ir.Constant(I64, 6)), 8)


def between(element: str) -> Any:
    """`f(dst, a, low, high, count)`: bit i = low <= a[i] <= high. Bounds are int64 for integers, else doubles.

    The bounds must be values of the element type; an empty range is one with low > high.
    """
    type, size, signed = ELEMENT[element]
    floating = isinstance(type, ir.FloatType | ir.DoubleType)
    bound = types.float64 if floating else types.int64

    @intrinsic
    def loop(typingctx, dst, a, low, high, count):
        def codegen(context, builder, signature, arguments):
            target, x, lo, hi, n = arguments
            if type is F32:
                lo, hi = builder.fptrunc(lo, F32), builder.fptrunc(hi, F32)
            elif not floating and size < 8:
                lo, hi = builder.trunc(lo, type), builder.trunc(hi, type)
            wide = [splat(builder, v, 64 // size) for v in (lo, hi)]

            def test(row: Value, lanes: int) -> Value:
                bounds = (lo, hi) if lanes == 1 else wide
                kind = type if lanes == 1 else ir.VectorType(type, lanes)
                value = load_at(builder, x, row, kind, size)
                if floating:
                    return builder.and_(
                        builder.fcmp_ordered(">=", value, bounds[0]),
                        builder.fcmp_ordered("<=", value, bounds[1]),
                    )
                compare = builder.icmp_signed if signed else builder.icmp_unsigned
                return builder.and_(compare(">=", value, bounds[0]), compare("<=", value, bounds[1]))

            _mask_loop(builder, target, n, size, test)
            return nothing(builder, context)

        return types.void(types.int64, types.int64, bound, bound, types.int64), codegen

    return loop


def compare(op: str) -> Any:
    """`f(dst, a, b, count)`: bit i = a[i] op b[i], on doubles; no where either is NaN."""

    @intrinsic
    def loop(typingctx, dst, a, b, count):
        def codegen(context, builder, signature, arguments):
            target, x, y, n = arguments

            def test(row: Value, lanes: int) -> Value:
                kind = F64 if lanes == 1 else ir.VectorType(F64, lanes)
                return builder.fcmp_ordered(
                    op, load_at(builder, x, row, kind, 8), load_at(builder, y, row, kind, 8)
                )

            _mask_loop(builder, target, n, 8, test)
            return nothing(builder, context)

        return types.void(types.int64, types.int64, types.int64, types.int64), codegen

    return loop


def _has(op: str) -> Any:
    """`f(dst, a, mask, count)`: bit i = a[i] & mask is not 0 (`any`), or is mask (`all`), on 64-bit sets."""

    @intrinsic
    def loop(typingctx, dst, a, mask, count):
        def codegen(context, builder, signature, arguments):
            target, x, words, n = arguments
            wide = splat(builder, words, LANES)
            empty = ir.Constant(ir.VectorType(I64, LANES), [0] * LANES)

            def test(row: Value, lanes: int) -> Value:
                kind, wanted, none = (I64, words, ZERO) if lanes == 1 else (wide.type, wide, empty)
                common = builder.and_(load_at(builder, x, row, kind, 8), wanted)
                return builder.icmp_unsigned(
                    "!=" if op == "any" else "==", common, none if op == "any" else wanted
                )

            _mask_loop(builder, target, n, 8, test)
            return nothing(builder, context)

        return types.void(types.int64, types.int64, types.int64, types.int64), codegen

    return loop


# --- masks -------------------------------------------------------------------------------------------

WORDS = 8  # mask words in one step


def _wide(builder: Builder, address: Value, word: Value) -> Value:
    return load_at(builder, address, word, ir.VectorType(I64, WORDS), 8)


def _population(builder: Builder, value: Value) -> Value:
    """How many bits are set in each of 8 words."""
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(value.type, [value.type]), f"llvm.ctpop.v{WORDS}i64"
    )
    return builder.call(function, [value])


def _sum(builder: Builder, value: Value) -> Value:
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(I64, [value.type]), f"llvm.vector.reduce.add.v{WORDS}i64"
    )
    return builder.call(function, [value])


def combine(name: str) -> Any:
    """`f(dst, a, flip_a, b, flip_b, words)`: `and` or `or` of masks, each xor a word first."""

    @intrinsic
    def loop(typingctx, dst, a, flip_a, b, flip_b, words):
        def codegen(context, builder, signature, arguments):
            target, x, turn_x, y, turn_y, n = arguments
            turn_x, turn_y = splat(builder, turn_x, WORDS), splat(builder, turn_y, WORDS)

            def step(word: Value) -> None:
                left = builder.xor(_wide(builder, x, word), turn_x)
                right = builder.xor(_wide(builder, y, word), turn_y)
                both = builder.and_(left, right) if name == "and" else builder.or_(left, right)
                store_at(builder, both, target, word, 8)

            steps(builder, ZERO, n, WORDS, step)
            return nothing(builder, context)

        return types.void(*[types.int64] * 6), codegen

    return loop


@intrinsic
def let_pass(typingctx, dst, before, rule, flip, known, flip_known, words):
    """`f(dst, before, rule, flip, known, flip_known, words)`: dst = before & rule.

    Gives how many rows the rule stopped, plus 2^32 times how many of them are not in `known`.
    """

    def codegen(context, builder, signature, arguments):
        target, source, mask, turn, sure, turn_sure, n = arguments
        turn, turn_sure = splat(builder, turn, WORDS), splat(builder, turn_sure, WORDS)
        zero = ir.Constant(ir.VectorType(I64, WORDS), [0] * WORDS)
        ones = ir.Constant(ir.VectorType(I64, WORDS), [-1] * WORDS)
        shift = ir.Constant(ir.VectorType(I64, WORDS), [32] * WORDS)
        total = cgutils.alloca_once_value(builder, zero)

        def step(word: Value) -> None:
            alive = _wide(builder, source, word)
            passes = builder.xor(_wide(builder, mask, word), turn)
            stopped = builder.and_(alive, builder.xor(passes, ones))
            unsure = builder.and_(
                stopped, builder.xor(builder.xor(_wide(builder, sure, word), turn_sure), ones)
            )
            count = builder.add(
                _population(builder, stopped), builder.shl(_population(builder, unsure), shift)
            )
            builder.store(builder.add(builder.load(total), count), total)
            store_at(builder, builder.and_(alive, passes), target, word, 8)

        steps(builder, ZERO, n, WORDS, step)
        return _sum(builder, builder.load(total))

    return types.int64(*[types.int64] * 7), codegen


@intrinsic
def count_bits(typingctx, mask, words):
    """`f(mask, words)`: how many rows a mask holds."""

    def codegen(context, builder, signature, arguments):
        source, n = arguments
        total = cgutils.alloca_once_value(builder, ir.Constant(ir.VectorType(I64, WORDS), [0] * WORDS))

        def step(word: Value) -> None:
            count = _population(builder, _wide(builder, source, word))
            builder.store(builder.add(builder.load(total), count), total)

        steps(builder, ZERO, n, WORDS, step)
        return _sum(builder, builder.load(total))

    return types.int64(types.int64, types.int64), codegen


def _bits(name: str) -> Any:
    """`ctpop` (how many bits) or `cttz` (place of the lowest bit) of an int64 that is not 0."""

    @intrinsic
    def of(typingctx, word):
        def codegen(context, builder, signature, arguments):
            return (
                builder.ctpop(arguments[0])
                if name == "ctpop"
                else builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))
            )

        return types.int64(types.int64), codegen

    return of


has_any, has_all = _has("any"), _has("all")
popcount, lowest = _bits("ctpop"), _bits("cttz")
