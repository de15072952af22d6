"""Loops over arrays of numbers, written once as LLVM vector code.

The kernel's inner loops live here. Each is a Numba intrinsic: a function that the kernel calls like any
other, and whose body is LLVM code built from a small description, such as `builder.fadd` for `add`. Vector
code is spelled out (512 bits at a time, which LLVM splits for smaller machines) instead of hoping that
a compiler vectorises a scalar loop: a comparison then yields one *bit* a row in one instruction on AVX-512,
two or three on AVX2, and a mask of 2,048 rows is 256 bytes.

Everything works on addresses (int64), because the kernel's operands are Arrow buffers and registers in
one scratch buffer. No loop touches memory beyond `count` elements. Elementwise loops allow the destination to
be a source. Nothing is marked as reorderable or fusible: each operation is one IEEE operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

I8, I16, I32, I64 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
F32, F64 = ir.FloatType(), ir.DoubleType()
LANES = 8  # doubles in one step

Builder = ir.IRBuilder
Value = ir.Value


def _at(builder: Builder, address: Value, index: Value, type: ir.Type, size: int) -> Value:
    """Pointer to element `index` (of `size` bytes) of the array at an address, as a pointer to `type`."""
    offset = builder.mul(index, ir.Constant(I64, size))
    return builder.inttoptr(builder.add(address, offset), type.as_pointer())


def _load(builder: Builder, address: Value, index: Value, type: ir.Type, size: int) -> Value:
    return builder.load(_at(builder, address, index, type, size), align=size, typ=type)


def _store(builder: Builder, value: Value, address: Value, index: Value, size: int) -> None:
    builder.store(value, _at(builder, address, index, value.type, size), align=size)


def _call(builder: Builder, name: str, *arguments: Value) -> Value:
    """Call an LLVM intrinsic, overloaded on the type of its arguments (`llvm.floor` on 8 doubles is one step)."""
    type = arguments[0].type
    suffix = f"v{type.count}f64" if isinstance(type, ir.VectorType) else "f64"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(type, [type] * len(arguments)), f"{name}.{suffix}"
    )
    return builder.call(function, arguments)


def _splat(builder: Builder, value: Value, lanes: int) -> Value:
    """A vector of equal elements."""
    vector = ir.VectorType(value.type, lanes)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(I32, 0))
    return builder.shuffle_vector(
        first, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(I32, lanes), [0] * lanes)
    )


def _whole(builder: Builder, count: Value, step: int) -> Value:
    return builder.and_(count, ir.Constant(I64, -step))


def _steps(builder: Builder, start: Value, stop: Value, step: int, body: Callable[[Value], None]) -> None:
    with cgutils.for_range_slice(builder, start, stop, ir.Constant(I64, step), I64) as (index, _):
        body(index)


def _void(builder: Builder, context: Any) -> Value:
    return context.get_dummy_value()


ZERO = ir.Constant(I64, 0)

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
    "abs": lambda b, x: _call(b, "llvm.fabs", x),
    "floor": lambda b, x: _call(b, "llvm.floor", x),
    "ceil": lambda b, x: _call(b, "llvm.ceil", x),
    "round": lambda b, x: _call(b, "llvm.round", x),
    "sqrt": lambda b, x: _call(b, "llvm.sqrt", x),
}


def binary(name: str, left: str, right: str) -> Any:
    """`f(dst, a, b, count)`: dst[i] = a[i] op b[i]. `left` and `right`: "v", an address, or "c", a constant."""
    operation = BINARY[name]

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, b, count):  # type: ignore[no-untyped-def]
        kinds = [types.int64 if side == "v" else types.float64 for side in (left, right)]

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, y, n = arguments
            whole = _whole(builder, n, LANES)
            wide = [v if s == "v" else _splat(builder, v, LANES) for v, s in ((x, left), (y, right))]

            def vector(i: Value) -> None:
                parts = [
                    _load(builder, v, i, ir.VectorType(F64, LANES), 8) if s == "v" else v
                    for v, s in zip(wide, (left, right), strict=True)
                ]
                _store(builder, operation(builder, *parts), target, i, 8)

            def scalar(i: Value) -> None:
                parts = [
                    _load(builder, v, i, F64, 8) if s == "v" else v for v, s in ((x, left), (y, right))
                ]
                _store(builder, operation(builder, *parts), target, i, 8)

            _steps(builder, ZERO, whole, LANES, vector)
            _steps(builder, whole, n, 1, scalar)
            return _void(builder, context)

        return types.void(types.int64, kinds[0], kinds[1], types.int64), codegen

    return loop


def unary(name: str) -> Any:
    """`f(dst, a, count)`: dst[i] = op(a[i])."""
    operation = UNARY[name]

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, count):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, n = arguments
            whole = _whole(builder, n, LANES)

            def vector(i: Value) -> None:
                value = _load(builder, x, i, ir.VectorType(F64, LANES), 8)
                _store(builder, operation(builder, value), target, i, 8)

            def scalar(i: Value) -> None:
                _store(builder, operation(builder, _load(builder, x, i, F64, 8)), target, i, 8)

            _steps(builder, ZERO, whole, LANES, vector)
            _steps(builder, whole, n, 1, scalar)
            return _void(builder, context)

        return types.void(types.int64, types.int64, types.int64), codegen

    return loop


# --- comparisons to bit masks ----------------------------------------------------------------------

ELEMENT: dict[str, tuple[ir.Type, int, bool]] = {
    # name: LLVM type, bytes, signed
    "f64": (F64, 8, True),
    "f32": (F32, 4, True),
    "i64": (I64, 8, True),
    "i32": (I32, 4, True),
    "i16": (I16, 2, True),
    "i8": (I8, 1, True),
    "u32": (I32, 4, False),
    "u16": (I16, 2, False),
    "u8": (I8, 1, False),
}


def _mask_loop(
    builder: Builder, dst: Value, count: Value, size: int, test: Callable[[Value, int], Value]
) -> None:
    """Store one bit for each of `count` rows. `test(row, lanes)` gives the comparison of that many rows from `row`."""
    lanes = 64 // size
    whole = _whole(builder, count, 64)

    def word(row: Value) -> None:
        bits: Value = ZERO
        for group in range(64 // lanes):
            start = builder.add(row, ir.Constant(I64, group * lanes))
            part = builder.bitcast(test(start, lanes), ir.IntType(lanes))
            part = builder.zext(part, I64) if lanes < 64 else part
            bits = builder.or_(bits, builder.shl(part, ir.Constant(I64, group * lanes)))
        _store(builder, bits, dst, builder.lshr(row, ir.Constant(I64, 6)), 8)

    _steps(builder, ZERO, whole, 64, word)
    with builder.if_then(builder.icmp_signed("<", whole, count)):
        last = cgutils.alloca_once_value(builder, ZERO)

        def bit(row: Value) -> None:
            one = builder.zext(test(row, 1), I64)
            place = builder.sub(row, whole)
            builder.store(builder.or_(builder.load(last), builder.shl(one, place)), last)

        _steps(builder, whole, count, 1, bit)
        _store(builder, builder.load(last), dst, builder.lshr(whole, ir.Constant(I64, 6)), 8)


def between(element: str) -> Any:
    """`f(dst, a, low, high, count)`: bit i = low <= a[i] <= high. Bounds are int64 for integers, else doubles.

    The bounds must be values of the element type; an empty range is one with low > high.
    """
    type, size, signed = ELEMENT[element]
    floating = isinstance(type, ir.FloatType | ir.DoubleType)
    bound = types.float64 if floating else types.int64

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, low, high, count):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, lo, hi, n = arguments
            if type is F32:
                lo, hi = builder.fptrunc(lo, F32), builder.fptrunc(hi, F32)
            elif not floating and size < 8:
                lo, hi = builder.trunc(lo, type), builder.trunc(hi, type)
            wide = [_splat(builder, v, 64 // size) for v in (lo, hi)]

            def test(row: Value, lanes: int) -> Value:
                bounds = (lo, hi) if lanes == 1 else wide
                kind = type if lanes == 1 else ir.VectorType(type, lanes)
                value = _load(builder, x, row, kind, size)
                if floating:
                    return builder.and_(
                        builder.fcmp_ordered(">=", value, bounds[0]), builder.fcmp_ordered("<=", value, bounds[1])
                    )
                compare = builder.icmp_signed if signed else builder.icmp_unsigned
                return builder.and_(compare(">=", value, bounds[0]), compare("<=", value, bounds[1]))

            _mask_loop(builder, target, n, size, test)
            return _void(builder, context)

        return types.void(types.int64, types.int64, bound, bound, types.int64), codegen

    return loop


def compare(op: str) -> Any:
    """`f(dst, a, b, count)`: bit i = a[i] op b[i], on doubles; no where either is NaN."""

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, b, count):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, y, n = arguments

            def test(row: Value, lanes: int) -> Value:
                kind = F64 if lanes == 1 else ir.VectorType(F64, lanes)
                return builder.fcmp_ordered(op, _load(builder, x, row, kind, 8), _load(builder, y, row, kind, 8))

            _mask_loop(builder, target, n, 8, test)
            return _void(builder, context)

        return types.void(types.int64, types.int64, types.int64, types.int64), codegen

    return loop


def _has(op: str) -> Any:
    """`f(dst, a, mask, count)`: bit i = a[i] & mask is not 0 (`any`), or is mask (`all`), on 64-bit sets."""

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, mask, count):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, words, n = arguments
            wide = _splat(builder, words, LANES)
            nothing = ir.Constant(ir.VectorType(I64, LANES), [0] * LANES)

            def test(row: Value, lanes: int) -> Value:
                kind, wanted, none = (I64, words, ZERO) if lanes == 1 else (wide.type, wide, nothing)
                common = builder.and_(_load(builder, x, row, kind, 8), wanted)
                return builder.icmp_unsigned("!=" if op == "any" else "==", common, none if op == "any" else wanted)

            _mask_loop(builder, target, n, 8, test)
            return _void(builder, context)

        return types.void(types.int64, types.int64, types.int64, types.int64), codegen

    return loop


# --- single elements ------------------------------------------------------------------------------


def load(element: str) -> Any:
    """`f(address, index)`: an element as int64 or double."""
    type, size, signed = ELEMENT[element]
    floating = isinstance(type, ir.FloatType | ir.DoubleType)

    @intrinsic  # type: ignore[untyped-decorator]
    def at(typingctx, address, index):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            value = _load(builder, arguments[0], arguments[1], type, size)
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

    @intrinsic  # type: ignore[untyped-decorator]
    def at(typingctx, address, index, value):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            address, index, value = arguments
            if not floating and size < 8:
                value = builder.trunc(value, type)
            _store(builder, value, address, index, size)
            return _void(builder, context)

        return types.void(types.int64, types.int64, types.float64 if floating else types.int64), codegen

    return at


def _bits(name: str) -> Any:
    """`ctpop` (how many bits) or `cttz` (place of the lowest bit) of an int64 that is not 0."""

    @intrinsic  # type: ignore[untyped-decorator]
    def of(typingctx, word):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.ctpop(arguments[0]) if name == "ctpop" else builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

        return types.int64(types.int64), codegen

    return of


has_any, has_all = _has("any"), _has("all")
popcount, lowest = _bits("ctpop"), _bits("cttz")


# --- choosing, checking, converting --------------------------------------------------------------------


def blend(left: str, right: str) -> Any:
    """`f(dst, mask, flip, a, b, count)`: dst[i] = a[i] where bit i of mask (xor flip) is set, else b[i]."""

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, mask, flip, a, b, count):  # type: ignore[no-untyped-def]
        kinds = [types.int64 if side == "v" else types.float64 for side in (left, right)]

        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, bits, turn, x, y, n = arguments
            whole = _whole(builder, n, LANES)
            turn = builder.trunc(turn, I8)
            wide = [v if s == "v" else _splat(builder, v, LANES) for v, s in ((x, left), (y, right))]

            def byte(i: Value) -> Value:
                place = builder.lshr(i, ir.Constant(I64, 3))
                return builder.xor(_load(builder, bits, place, I8, 1), turn)

            def vector(i: Value) -> None:
                parts = [
                    _load(builder, v, i, ir.VectorType(F64, LANES), 8) if s == "v" else v
                    for v, s in zip(wide, (left, right), strict=True)
                ]
                chosen = builder.bitcast(byte(i), ir.VectorType(ir.IntType(1), LANES))
                _store(builder, builder.select(chosen, *parts), target, i, 8)

            def scalar(i: Value) -> None:
                parts = [
                    _load(builder, v, i, F64, 8) if s == "v" else v for v, s in ((x, left), (y, right))
                ]
                place = builder.trunc(builder.and_(i, ir.Constant(I64, 7)), I8)
                chosen = builder.trunc(builder.lshr(byte(i), place), ir.IntType(1))
                _store(builder, builder.select(chosen, *parts), target, i, 8)

            _steps(builder, ZERO, whole, LANES, vector)
            _steps(builder, whole, n, 1, scalar)
            return _void(builder, context)

        signature = types.void(types.int64, types.int64, types.int64, kinds[0], kinds[1], types.int64)
        return signature, codegen

    return loop


MAX = 1.7976931348623157e308


@intrinsic  # type: ignore[untyped-decorator]
def check(typingctx, dst, a, b, count):  # type: ignore[no-untyped-def]
    """`f(dst, a, b, count)`: make results that are not finite unknown. Gives 1 if one had known operands a, b, else 0.

    A unary operation gives its operand twice.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        target, x, y, n = arguments
        whole = _whole(builder, n, LANES)
        born = cgutils.alloca_once_value(builder, ZERO)

        def step(i: Value, lanes: int) -> None:
            kind = F64 if lanes == 1 else ir.VectorType(F64, lanes)

            def constant(value: float) -> Value:
                return ir.Constant(kind, value if lanes == 1 else [value] * lanes)

            value, left, right = (_load(builder, v, i, kind, 8) for v in (target, x, y))
            bad = builder.fcmp_unordered(">", _call(builder, "llvm.fabs", value), constant(MAX))
            known = builder.fcmp_ordered("ord", left, right)
            new = builder.and_(bad, known)
            new = new if lanes == 1 else builder.bitcast(new, ir.IntType(lanes))
            builder.store(builder.or_(builder.load(born), builder.zext(new, I64)), born)
            _store(builder, builder.select(bad, constant(float("nan")), value), target, i, 8)

        _steps(builder, ZERO, whole, LANES, lambda i: step(i, LANES))
        _steps(builder, whole, n, 1, lambda i: step(i, 1))
        some = builder.icmp_unsigned("!=", builder.load(born), ZERO)
        return builder.zext(some, I64)

    return types.int64(types.int64, types.int64, types.int64, types.int64), codegen


def convert(element: str) -> Any:
    """`f(dst, a, count)`: dst[i] = a[i] as a double."""
    type, size, signed = ELEMENT[element]

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, count):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, n = arguments
            whole = _whole(builder, n, LANES)

            def step(i: Value, lanes: int) -> None:
                kind = type if lanes == 1 else ir.VectorType(type, lanes)
                double = F64 if lanes == 1 else ir.VectorType(F64, lanes)
                value = _load(builder, x, i, kind, size)
                if type is F32:
                    value = builder.fpext(value, double)
                elif type is not F64:
                    value = builder.sitofp(value, double) if signed else builder.uitofp(value, double)
                _store(builder, value, target, i, 8)

            _steps(builder, ZERO, whole, LANES, lambda i: step(i, LANES))
            _steps(builder, whole, n, 1, lambda i: step(i, 1))
            return _void(builder, context)

        return types.void(types.int64, types.int64, types.int64), codegen

    return loop


def fill(dst: str = "f64") -> Any:
    """`f(dst, value, count)`: dst[i] = value."""

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, value, count):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, n = arguments
            whole = _whole(builder, n, LANES)
            wide = _splat(builder, x, LANES)
            _steps(builder, ZERO, whole, LANES, lambda i: _store(builder, wide, target, i, 8))
            _steps(builder, whole, n, 1, lambda i: _store(builder, x, target, i, 8))
            return _void(builder, context)

        return types.void(types.int64, types.float64, types.int64), codegen

    return loop


# --- masks -------------------------------------------------------------------------------------------

WORDS = 8  # mask words in one step


def _wide(builder: Builder, address: Value, word: Value) -> Value:
    return _load(builder, address, word, ir.VectorType(I64, WORDS), 8)


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

    @intrinsic  # type: ignore[untyped-decorator]
    def loop(typingctx, dst, a, flip_a, b, flip_b, words):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            target, x, turn_x, y, turn_y, n = arguments
            turn_x, turn_y = _splat(builder, turn_x, WORDS), _splat(builder, turn_y, WORDS)

            def step(word: Value) -> None:
                left = builder.xor(_wide(builder, x, word), turn_x)
                right = builder.xor(_wide(builder, y, word), turn_y)
                both = builder.and_(left, right) if name == "and" else builder.or_(left, right)
                _store(builder, both, target, word, 8)

            _steps(builder, ZERO, n, WORDS, step)
            return _void(builder, context)

        return types.void(*[types.int64] * 6), codegen

    return loop


@intrinsic  # type: ignore[untyped-decorator]
def let_pass(typingctx, dst, before, rule, flip, known, flip_known, words):  # type: ignore[no-untyped-def]
    """`f(dst, before, rule, flip, known, flip_known, words)`: dst = before & rule.

    Gives how many rows the rule stopped, plus 2^32 times how many of them are not in `known`.
    """

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        target, source, mask, turn, sure, turn_sure, n = arguments
        turn, turn_sure = _splat(builder, turn, WORDS), _splat(builder, turn_sure, WORDS)
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
            _store(builder, builder.and_(alive, passes), target, word, 8)

        _steps(builder, ZERO, n, WORDS, step)
        return _sum(builder, builder.load(total))

    return types.int64(*[types.int64] * 7), codegen


@intrinsic  # type: ignore[untyped-decorator]
def count_bits(typingctx, mask, words):  # type: ignore[no-untyped-def]
    """`f(mask, words)`: how many rows a mask holds."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        source, n = arguments
        total = cgutils.alloca_once_value(builder, ir.Constant(ir.VectorType(I64, WORDS), [0] * WORDS))

        def step(word: Value) -> None:
            count = _population(builder, _wide(builder, source, word))
            builder.store(builder.add(builder.load(total), count), total)

        _steps(builder, ZERO, n, WORDS, step)
        return _sum(builder, builder.load(total))

    return types.int64(types.int64, types.int64), codegen
