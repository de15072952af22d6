"""Forms in which the kernel reads a column: made from Arrow's buffers, in place where possible.

Takes a field and its Arrow array, of any type that `data.schema` accepts for it; gives a `Stored`. Numbers of any
width, and booleans with their validity bits, stay where Arrow has them. Texts become codes into their distinct
values, words codes into the words of their type, sets 64-bit masks. Instants and lengths of time in other
units than microseconds, decimals, and halves are converted, by the rules of `data.rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nbadsl.engine import loops as l
from nbadsl.program.nodes import Input
from nbadsl.types import EXACT, Duration, Flag, Money, Number, Set, Text, Words, is_numeric

KINDS = {
    pa.float64(): l.F64,
    pa.float32(): l.F32,
    pa.int64(): l.I64,
    pa.int32(): l.I32,
    pa.int16(): l.I16,
    pa.int8(): l.I8,
    pa.uint32(): l.U32,
    pa.uint16(): l.U16,
    pa.uint8(): l.U8,
}
DTYPES = {
    l.F64: np.float64,
    l.F32: np.float32,
    l.I64: np.int64,
    l.I32: np.int32,
    l.I16: np.int16,
    l.I8: np.int8,
    l.U32: np.uint32,
    l.U16: np.uint16,
    l.U8: np.uint8,
}
CODE_KINDS = {np.dtype(np.uint8): l.U8, np.dtype(np.uint16): l.U16}


@dataclass(slots=True, eq=False)
class Stored:
    """A field's values where the kernel reads them.

    `kind`: one of the kernel's kinds of elements. `validity`: address of a bitmap, 0 when nothing is null;
    `validity_bit`, `value_bit`: the place of the first row in it, and among booleans. `codes`, `texts`: of texts
    and words, each row's code and what the codes mean; the code after the last is null. `table`: of words whose codes
    are those of the data, the code of each among the type's words; kind and address are then those of the data's.
    `parts`: of a set, one int64 a row for each 64 words. `sound`: address of a bitmap of the rows that keep the rules of words,
    0: all do. `keep`: what must live as long.
    """

    kind: int
    address: int
    validity: int = 0
    validity_bit: int = 0
    value_bit: int = 0
    codes: NDArray[np.integer] | None = None
    texts: pa.Array | None = None
    table: NDArray[np.unsignedinteger] | None = None
    parts: list[NDArray[np.int64]] = field(default_factory=list)
    sound: int = 0
    keep: list[Any] = field(default_factory=list)

    def coded(self) -> NDArray[np.integer]:
        """Each row's code into `texts`."""
        assert self.codes is not None
        return self.codes if self.table is None else np.take(self.table, self.codes)


def store(each: Input, array: pa.Array, is_read: bool) -> Stored:
    """A field's column in a form that the kernel reads. `is_read`: whether the plan reads it, or it is only checked."""
    if pa.types.is_null(array.type):
        array = _nulls(each, len(array))
    if each.default is not None and not is_numeric(each.type):
        array = _filled(each, array)
    match each.type:
        case Flag():
            data = array.buffers()[1]
            stored = Stored(l.BITS, data.address if data else 0, value_bit=array.offset)
            _with_validity(stored, array)
        case Text() if not is_read and not _has_null_texts(array):
            stored = _with_validity(Stored(l.I32, 0), array)
        case Text():
            stored = _texts(array)
        case Words(words):
            stored = _words(each, array, words)
        case Set(words):
            stored = _sets(array, words)
        case _:
            numbers = _in_own_unit(each, array)
            default = each.default if numbers.null_count else None
            stored = _numbers(numbers if default is None else _with_default(numbers, default))
    stored.keep.append(array)
    return stored


# --- numbers -----------------------------------------------------------------------------------------------


def _with_validity(stored: Stored, array: pa.Array) -> Stored:
    if array.null_count:
        validity = array.buffers()[0]
        stored.validity, stored.validity_bit = validity.address, array.offset
    return stored


def _numbers(array: pa.Array) -> Stored:
    kind = KINDS[array.type]
    data = array.buffers()[1]
    size = l.SIZES[kind]
    address = data.address + array.offset * size if data is not None else 0
    return _with_validity(Stored(kind, address, keep=[array]), array)


def _in_own_unit(each: Input, array: pa.Array) -> pa.Array:
    """Numbers of any Arrow type in the unit of the field's type, in an array of a type of `KINDS`."""
    type = array.type
    if pa.types.is_float16(type):
        array = array.cast(pa.float32())
    elif pa.types.is_decimal(type):
        array = _decimals(array)
    elif pa.types.is_uint64(type):
        array = _unsigned(array)
    elif pa.types.is_date32(type):
        array = array.view(pa.int32())
    elif pa.types.is_date64(type):
        array = _divided(array.view(pa.int64()), 86_400_000)
    elif pa.types.is_timestamp(type) or pa.types.is_duration(type) or pa.types.is_time64(type):
        array = _microseconds(array.view(pa.int64()), type.unit)
    elif pa.types.is_time32(type):
        array = _microseconds(array.view(pa.int32()).cast(pa.int64()), type.unit)
    if array.type == pa.int64() and isinstance(each.type, Number | Money):
        array = _comparable(array)
    if isinstance(each.type, Duration) and not pa.types.is_duration(type):
        array = _array(_values(array).astype(np.float64) * (each.unit or 1.0), array)
    return array


def _comparable(array: pa.Array) -> pa.Array:
    """Whole numbers in place, if doubles hold them all; otherwise as the doubles that they are read as."""
    extremes = pc.min_max(array)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    if low is None or (low >= -EXACT and high <= EXACT):
        return array
    return _array(_values(array).astype(np.float64), array)


def _values(array: pa.Array) -> NDArray[Any]:
    """An array's numbers without copying, whatever stands where it is null."""
    dtype = DTYPES[KINDS[array.type]]
    data = array.buffers()[1]
    if data is None:
        return np.zeros(len(array), dtype)
    return np.frombuffer(data, dtype, len(array), array.offset * np.dtype(dtype).itemsize)


def _array(values: NDArray[Any], like: pa.Array) -> pa.Array:
    """Numbers as an array with the nulls of another."""
    mask = like.is_null().to_numpy(zero_copy_only=False) if like.null_count else None
    return pa.array(values, mask=mask)


def _microseconds(counts: pa.Array, unit: str) -> pa.Array:
    """Counts of seconds, ms or ns as µs; finer digits are cut off. What overflows is beyond every range."""
    if unit == "us":
        return counts
    if unit == "ns":
        return _divided(counts, 1_000)
    factor = {"s": 1_000_000, "ms": 1_000}[unit]
    values = _values(counts)
    limit = (2**62) // factor
    return _array(np.where((values > limit) | (values < -limit), 2**62, values * factor), counts)


def _divided(counts: pa.Array, by: int) -> pa.Array:
    return _array(_values(counts) // by, counts)


def _unsigned(array: pa.Array) -> pa.Array:
    """As int64 in place, if no value is beyond it; otherwise as doubles, and what no int64 holds as no integer."""
    data = array.buffers()[1]
    values = (
        np.frombuffer(data, np.uint64, len(array), array.offset * 8)
        if data
        else np.zeros(len(array), np.uint64)
    )
    if not (values >> np.uint64(63)).any():
        return array.view(pa.int64())
    rounded = values.astype(np.float64)
    return _array(np.where(values > np.uint64(EXACT), np.maximum(rounded, EXACT + 2), rounded), array)


def _decimals(array: pa.Array) -> pa.Array:
    """Correctly rounded doubles: a quotient of two exact ones where both are, else digit by digit."""
    scale, precision = array.type.scale, array.type.precision
    if precision <= 15 and 0 <= scale <= 22:
        whole = array.cast(pa.decimal128(38, scale)) if not pa.types.is_decimal128(array.type) else array
        data = whole.buffers()[1]
        low = np.frombuffer(data, np.int64, 2 * len(whole), whole.offset * 16)[::2]
        return _array(low / 10.0**scale, array)
    return pa.array([None if v is None else float(v) for v in array.to_pylist()], pa.float64())


# --- texts, words, sets ----------------------------------------------------------------------------------


def _has_null_texts(array: pa.Array) -> bool:
    return bool(pa.types.is_dictionary(array.type) and array.dictionary.null_count > 0)


def _texts(array: pa.Array, asks_null: bool = True) -> Stored:
    """Codes (int32) into the distinct texts; one more for null. `asks_null`: whether validity is wanted."""
    if not pa.types.is_dictionary(array.type):
        array = _without_view(array).dictionary_encode()
    texts, indices = _without_view(array.dictionary), array.indices
    indices = indices.cast(pa.int32()) if indices.type != pa.int32() else indices
    if indices.null_count:
        indices = indices.fill_null(len(texts))
    codes = indices.to_numpy(zero_copy_only=False) if len(indices) else np.zeros(0, np.int32)
    stored = Stored(l.I32, codes.ctypes.data, codes=codes, texts=texts, keep=[indices])
    if asks_null and (array.null_count or texts.null_count):
        known = np.append(texts.is_valid().to_numpy(zero_copy_only=False), False)
        stored.validity, bits = bitmap(known[codes])
        stored.keep.append(bits)
    return stored


def _without_view(texts: pa.Array) -> pa.Array:
    """Arrow has few functions for views of texts."""
    return texts.cast(pa.large_string()) if pa.types.is_string_view(texts.type) else texts


def bitmap(rows: NDArray[np.bool_]) -> tuple[int, Any]:
    """One bit a row: the address, and what lives there."""
    bits = np.packbits(rows, bitorder="little")
    return bits.ctypes.data, bits


def _words(each: Input, array: pa.Array, words: tuple[str, ...]) -> Stored:
    """Codes of the type's words; after them come undeclared words and null."""
    stored = _texts(array, asks_null=not (each.optional or each.never))
    assert stored.codes is not None and stored.texts is not None
    undeclared, null = len(words), len(words) + 1
    place = {word: code for code, word in enumerate(words)} | {None: null}
    codes = [place.get(text, undeclared) for text in _listed(stored.texts)]
    stored.table, stored.texts = (
        np.array([*codes, null], code_type(words)),
        pa.array([*words, None], pa.string()),
    )
    # Whether a row is sound is known from its distinct value, which most often settles it for all.
    if undeclared in codes:
        stored.sound, bits = bitmap(stored.coded() != undeclared)
        stored.keep.append(bits)
    return stored


def _listed(texts: pa.Array) -> list[str | None]:
    found: list[str | None] = texts.to_pylist()
    return found


def codes_of_words(codes: NDArray[np.integer], words: Sequence[str]) -> Stored:
    """Codes in as few bytes as they need."""
    array = codes.astype(code_type(words))
    texts = pa.array([*words, None], pa.string())
    return Stored(CODE_KINDS[array.dtype], array.ctypes.data, codes=array, texts=texts)


def code_type(words: Sequence[str]) -> np.dtype[np.unsignedinteger]:
    """The type of codes of words, of undeclared ones, and of null."""
    return np.dtype(np.uint8 if len(words) + 2 <= 256 else np.uint16)


def _sets(array: pa.Array, words: tuple[str, ...]) -> Stored:
    """One int64 for each row and 64 words. A word that is not declared, or null, makes a row unsound."""
    rows = len(array)
    values = _texts(array.values)
    assert values.codes is not None and values.texts is not None
    place = {word: code for code, word in enumerate(words)}
    table = [-1 if text is None else place.get(text, -1) for text in _listed(values.texts)]
    codes = np.array([*table, -1], np.int64)[values.codes]
    offsets = array.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    known = array.is_valid().to_numpy(zero_copy_only=False)
    filled = known & (offsets[1:] > offsets[:-1])
    spans = np.stack([offsets[:-1][filled], offsets[1:][filled]], axis=1).ravel()

    def reduced(bits: NDArray[np.int64]) -> NDArray[np.int64]:
        """The bits of each row's values, or-ed."""
        out = np.zeros(rows, np.int64)
        if len(spans):
            out[filled] = np.bitwise_or.reduceat(np.append(bits, 0), spans)[::2]
        return out

    stored = Stored(l.I64, 0)
    for part in range((len(words) + 63) // 64 or 1):
        inside = (codes >= part * 64) & (codes < part * 64 + 64)
        stored.parts.append(reduced(np.where(inside, np.left_shift(np.int64(1), codes & 63), 0)))
    if (codes < 0).any():
        stored.sound, bits = bitmap(reduced((codes < 0).astype(np.int64)) == 0)
        stored.keep.append(bits)
    if not known.all():
        stored.validity, bits = bitmap(known)
        stored.keep.append(bits)
    return stored


def common_codes(a: Stored, b: Stored) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Codes of two columns that are equal where their texts are; -1 for null."""
    numbers: dict[str, int] = {}
    both = []
    for stored in (a, b):
        assert stored.texts is not None
        table = [-1 if v is None else numbers.setdefault(v, len(numbers)) for v in _listed(stored.texts)]
        # Beyond the texts is null; of words, undeclared ones too.
        both.append(np.array([*table, -1, -1], np.int32)[stored.coded()])
    return both[0], both[1]


def _nulls(each: Input, rows: int) -> pa.Array:
    match each.type:
        case Flag():
            return pa.nulls(rows, pa.bool_())
        case Text() | Words():
            return pa.nulls(rows, pa.string())
        case Set():
            return pa.nulls(rows, pa.list_(pa.string()))
    return pa.nulls(rows, pa.float64())


def _filled(each: Input, array: pa.Array) -> pa.Array:
    """Flags, texts, words and sets with the field's default instead of nulls."""
    default: Any = each.default
    if not array.null_count and not _has_null_texts(array):
        return array
    if isinstance(default, frozenset):
        return pa.array([sorted(default) if v is None else v for v in array.to_pylist()], array.type)
    if not isinstance(each.type, Flag):
        array = array.cast(pa.large_string())
    return pc.fill_null(array, pa.scalar(default, array.type))


def _with_default(numbers: pa.Array, default: Any) -> pa.Array:
    """Numbers, already in the field's own unit, with its default instead of nulls; in a type that holds both."""
    whole = pa.types.is_integer(numbers.type) and float(default).is_integer()
    type = pa.int64() if whole else pa.float64()
    value = pa.scalar(int(default) if whole else float(default), type)
    return pc.fill_null(numbers.cast(type, safe=False), value)
