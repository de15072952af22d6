"""What vector loops are built of: LLVM types, loads and stores at addresses, loops over rows.

For `vectors`, `selected` and `bitmasks`, whose functions are Numba intrinsics: each describes its body to
an LLVM builder. Vector code is spelled out (512 bits at a time, which LLVM splits for smaller machines) instead of
hoping that a compiler vectorises a scalar loop: a comparison then yields one *bit* a row in one instruction on
AVX-512, two or three on AVX2, and a mask of 4,096 rows is 512 bytes.

Everything works on addresses (int64), because the kernel's operands are Arrow buffers and registers in
one scratch buffer. No loop touches memory beyond `count` elements. Nothing is marked as reorderable or fusible:
each operation is one IEEE operation.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba.core import cgutils

I8, I16, I32, I64 = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64)
F32, F64 = ir.FloatType(), ir.DoubleType()
LANES = 8  # doubles in one step
ZERO = ir.Constant(I64, 0)

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

Builder: TypeAlias = Any  # llvmlite has no types of its own: ir.IRBuilder, ir.Value
Value: TypeAlias = Any


def at(builder: Builder, address: Value, index: Value, type: ir.Type, size: int) -> Value:
    """Pointer to element `index` (of `size` bytes) of the array at an address, as a pointer to `type`."""
    offset = builder.mul(index, ir.Constant(I64, size))
    return builder.inttoptr(builder.add(address, offset), type.as_pointer())


def load_at(builder: Builder, address: Value, index: Value, type: ir.Type, size: int) -> Value:
    return builder.load(at(builder, address, index, type, size), align=size, typ=type)


def store_at(builder: Builder, value: Value, address: Value, index: Value, size: int) -> None:
    builder.store(value, at(builder, address, index, value.type, size), align=size)


def call(builder: Builder, name: str, *arguments: Value) -> Value:
    """Call an LLVM intrinsic, overloaded on the type of its arguments (`llvm.floor` on 8 doubles is one step)."""
    type = arguments[0].type
    suffix = f"v{type.count}f64" if isinstance(type, ir.VectorType) else "f64"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(type, [type] * len(arguments)), f"{name}.{suffix}"
    )
    return builder.call(function, arguments)


def splat(builder: Builder, value: Value, lanes: int) -> Value:
    """A vector of equal elements."""
    vector = ir.VectorType(value.type, lanes)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(I32, 0))
    return builder.shuffle_vector(
        first, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(I32, lanes), [0] * lanes)
    )


def whole_steps(builder: Builder, count: Value, step: int) -> Value:
    return builder.and_(count, ir.Constant(I64, -step))


def steps(builder: Builder, start: Value, stop: Value, step: int, body: Callable[[Value], None]) -> None:
    with cgutils.for_range_slice(builder, start, stop, ir.Constant(I64, step), I64) as (index, _):
        body(index)


def nothing(builder: Builder, context: Any) -> Value:
    return context.get_dummy_value()


def constant(type: ir.Type, value: float) -> Value:
    """A number, in every lane of a vector."""
    return ir.Constant(type, [value] * type.count if isinstance(type, ir.VectorType) else value)
