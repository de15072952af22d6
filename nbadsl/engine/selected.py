"""Loops over selected rows, as vector code: eight rows at a time are read from, and written to, where they are.

Rows are given by their indices (int32), each at most once. See `llvm` for conventions.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nbadsl.engine.llvm import (
    F64,
    I8,
    I32,
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

TABLE = [[bit for bit in range(8) if byte >> bit & 1] for byte in range(256)]
EIGHT = ir.VectorType(I32, LANES)
ALL = ir.Constant(ir.VectorType(ir.IntType(1), LANES), [1] * LANES)


def _places(builder: Builder, address: Value, rows: Value, type: ir.Type, size: int) -> Value:
    """Pointers to the elements of eight rows."""
    wide = ir.VectorType(I64, LANES)
    offsets = builder.mul(builder.sext(rows, wide), ir.Constant(wide, [size] * LANES))
    addresses = builder.add(splat(builder, address, LANES), offsets)
    return builder.inttoptr(addresses, ir.VectorType(type.as_pointer(), LANES))


def _gather(builder: Builder, places: Value, type: ir.Type, size: int) -> Value:
    vector = ir.VectorType(type, LANES)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(vector, [places.type, I32, ALL.type, vector]),
        f"llvm.masked.gather.v{LANES}{type.intrinsic_name}.v{LANES}p0",
    )
    return builder.call(function, [places, ir.Constant(I32, size), ALL, ir.Constant(vector, ir.Undefined)])


def _scatter(builder: Builder, value: Value, places: Value, size: int) -> None:
    type = value.type.element
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [value.type, places.type, I32, ALL.type]),
        f"llvm.masked.scatter.v{LANES}{type.intrinsic_name}.v{LANES}p0",
    )
    builder.call(function, [value, places, ir.Constant(I32, size), ALL])


def _bits_of_bytes(builder: Builder) -> Value:
    """Address of a table: for each byte the places of its set bits, then anything, in eight bytes."""
    numbers = [place for places in TABLE for place in places + [0] * (8 - len(places))]
    constant = cgutils.global_constant(
        builder.module, "bits_of_bytes", cgutils.create_constant_array(I8, numbers), linkage="private"
    )
    constant.align = 8
    return builder.ptrtoint(constant, I64)


@intrinsic
def select(typingctx, idx, mask, flip, count):
    """`f(idx, mask, flip, count)`: indices of the rows in a mask (xor flip). Gives how many.

    Eight rows a step, by a table. There must be room for eight indices more than there are rows.
    """

    def codegen(context, builder, signature, arguments):
        target, bits, turn, n = arguments
        turn, table = builder.trunc(turn, I8), _bits_of_bytes(builder)
        found = cgutils.alloca_once_value(builder, ZERO)
        whole = whole_steps(builder, n, 8)

        def add(row: Value, byte: Value) -> None:
            entry = builder.zext(byte, I64)
            places = builder.zext(load_at(builder, table, entry, ir.VectorType(I8, 8), 8), EIGHT)
            so_far = builder.load(found)
            address = builder.add(target, builder.shl(so_far, ir.Constant(I64, 2)))
            store_at(
                builder, builder.add(places, splat(builder, builder.trunc(row, I32), 8)), address, ZERO, 4
            )
            builder.store(builder.add(so_far, builder.zext(builder.ctpop(byte), I64)), found)

        def byte_at(row: Value) -> Value:
            place = builder.lshr(row, ir.Constant(I64, 3))
            return builder.xor(load_at(builder, bits, place, I8, 1), turn)

        steps(builder, ZERO, whole, 8, lambda row: add(row, byte_at(row)))
        with builder.if_then(builder.icmp_signed("<", whole, n)):
            beyond = builder.shl(ir.Constant(I8, -1), builder.trunc(builder.sub(n, whole), I8))
            add(whole, builder.and_(byte_at(whole), builder.not_(beyond)))
        return builder.load(found)

    return types.int64(*[types.int64] * 4), codegen


def _scaled(adds: bool) -> Any:
    """`f(dst, total, a, k, idx, count)`: dst[i] = a[idx[i]] * k, after `total[i] +` if it `adds`; a: doubles."""

    @intrinsic
    def loop(typingctx, dst, total, a, k, idx, count):
        def codegen(context, builder, signature, arguments):
            target, sums, column, factor, rows, n = arguments
            whole, wide = whole_steps(builder, n, LANES), splat(builder, factor, LANES)

            def store(i: Value, term: Value) -> None:
                if adds:
                    term = builder.fadd(load_at(builder, sums, i, term.type, 8), term)
                store_at(builder, term, target, i, 8)

            def vector(i: Value) -> None:
                row = load_at(builder, rows, i, EIGHT, 4)
                values = _gather(builder, _places(builder, column, row, F64, 8), F64, 8)
                store(i, builder.fmul(values, wide))

            def scalar(i: Value) -> None:
                row = builder.sext(load_at(builder, rows, i, I32, 4), I64)
                store(i, builder.fmul(load_at(builder, column, row, F64, 8), factor))

            steps(builder, ZERO, whole, LANES, vector)
            steps(builder, whole, n, 1, scalar)
            return nothing(builder, context)

        kinds = [types.int64, types.int64, types.int64, types.float64, types.int64, types.int64]
        return types.void(*kinds), codegen

    return loop


scaled, plus_scaled = _scaled(False), _scaled(True)


@intrinsic
def offer(typingctx, best_score, best, score, candidate, idx, count):
    """Keep the better of each row's best so far and a candidate; who comes first in the file wins a tie.

    `f(best_score, best, score, candidate, idx, count)`: scores (doubles) and candidates (int32) of all rows, the
    candidate's scores of the selected ones. Without a branch: no processor foresees which of two scores is greater.
    """

    def codegen(context, builder, signature, arguments):
        scores, chosen, new_scores, number, rows, n = arguments
        whole = whole_steps(builder, n, LANES)
        number = builder.trunc(number, I32)
        wide = splat(builder, number, LANES)

        def vector(k: Value) -> None:
            row = load_at(builder, rows, k, EIGHT, 4)
            new = load_at(builder, new_scores, k, ir.VectorType(F64, LANES), 8)
            at_score, at_chosen = (
                _places(builder, scores, row, F64, 8),
                _places(builder, chosen, row, I32, 4),
            )
            old = _gather(builder, at_score, F64, 8)
            better = builder.fcmp_ordered(">", new, old)
            _scatter(builder, builder.select(better, new, old), at_score, 8)
            kept = builder.select(better, wide, _gather(builder, at_chosen, I32, 4))
            _scatter(builder, kept, at_chosen, 4)

        def scalar(k: Value) -> None:
            row = builder.sext(load_at(builder, rows, k, I32, 4), I64)
            new = load_at(builder, new_scores, k, F64, 8)
            better = builder.fcmp_ordered(">", new, load_at(builder, scores, row, F64, 8))
            with builder.if_then(better):
                store_at(builder, new, scores, row, 8)
                store_at(builder, number, chosen, row, 4)

        steps(builder, ZERO, whole, LANES, vector)
        steps(builder, whole, n, 1, scalar)
        return nothing(builder, context)

    return types.void(*[types.int64] * 6), codegen
