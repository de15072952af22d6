"""Places and draws of many people at once: the hashes of `program.chance`, over Arrow's buffers.

Takes an array of keys (texts, dictionary-encoded texts, or whole numbers), gives for each of n keys its place
0..9999 (GrowthBook's hash, version 2) or the base of its draws (SplitMix64 on FNV-1a 64). Texts are hashed
where they lie: UTF-8 is decoded to UTF-16 units on the way, ASCII takes a shorter one. A dictionary is
hashed once for each distinct value. A null is hashed like an empty text: its row is bad data anyway.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from nbadsl.engine.choose import mix
from nbadsl.engine.compiled import Compiled
from nbadsl.engine.loops import ld_i64, ld_u8, st_i32, st_i64
from nbadsl.engine.parts import part
from nbadsl.program import chance

PLACES = 10_000

FNV32_PRIME, FNV64_PRIME = 0x01000193, 0x100000001B3
FNV32_BASIS, FNV64_BASIS = 0x811C9DC5, -3750763034362895579  # 0xCBF29CE484222325 as a signed number


@part("ii", "i")
def _unit(value, unit):
    return ((value ^ unit) * FNV32_PRIME) & 0xFFFFFFFF


@part("iiii", "i")
def _fnv32(value, data, start, stop):
    """FNV-1a over the UTF-16 code units of UTF-8 bytes."""
    at = start
    while at < stop:
        byte = ld_u8(data, at)
        if byte < 0x80:
            value = _unit(value, byte)
            at += 1
        elif byte < 0xE0 and at + 1 < stop:
            value = _unit(value, (byte & 0x1F) << 6 | (ld_u8(data, at + 1) & 0x3F))
            at += 2
        elif byte < 0xF0 and at + 2 < stop:
            value = _unit(
                value, (byte & 0x0F) << 12 | (ld_u8(data, at + 1) & 0x3F) << 6 | (ld_u8(data, at + 2) & 0x3F)
            )
            at += 3
        elif at + 3 < stop:
            point = (byte & 0x07) << 18 | (ld_u8(data, at + 1) & 0x3F) << 12
            point |= (ld_u8(data, at + 2) & 0x3F) << 6 | (ld_u8(data, at + 3) & 0x3F)
            value = _unit(value, 0xD800 + ((point - 0x10000) >> 10))
            value = _unit(value, 0xDC00 + ((point - 0x10000) & 0x3FF))
            at += 4
        else:
            at = stop
    return value


@part("i", "i")
def _decimal32(number):
    """FNV-1a of a number's decimal digits."""
    digits, count = 0, 0  # four bits a digit, so that the first is taken out first
    while True:
        digits = digits << 4 | number % 10
        number //= 10
        count += 1
        if number == 0:
            break
    value = FNV32_BASIS
    for _ in range(count):
        value = _unit(value, 48 + (digits & 15))
        digits >>= 4
    return value


def _make_places(stamp: str) -> Any:
    def hash_places(data, offsets, count, start, out):
        """Addresses of the bytes, of count + 1 offsets into them, and of the result (int32). `start`: of the seed."""
        stamp  # noqa: B018 (see `compiled`)
        for i in range(count):
            hashed = _fnv32(start, data, ld_i64(offsets, i), ld_i64(offsets, i + 1))
            st_i32(out, i, _decimal32(hashed) % PLACES)

    return hash_places


def _make_bases(stamp: str) -> Any:
    def hash_bases(data, offsets, count, suffix, length, seed, out):
        """As `hash_places`. `suffix`: what follows the key in a decision's id. `seed`: already mixed."""
        stamp  # noqa: B018
        for i in range(count):
            value = FNV64_BASIS
            for at in range(ld_i64(offsets, i), ld_i64(offsets, i + 1)):
                value = (value ^ ld_u8(data, at)) * FNV64_PRIME
            for at in range(length):
                value = (value ^ ld_u8(suffix, at)) * FNV64_PRIME
            st_i64(out, i, mix(value ^ seed))

    return hash_bases


def _make_number_bases(stamp: str) -> Any:
    def hash_number_bases(numbers, count, suffix, length, seed, out):
        """As `hash_bases`, of the decimal digits of numbers (int64)."""
        stamp  # noqa: B018
        for i in range(count):
            number, value = ld_i64(numbers, i), FNV64_BASIS
            if number < 0:
                value = (value ^ 45) * FNV64_PRIME  # a minus sign
                number = -number
            digits, many = 0, 0  # as in `_decimal32`: no key has more than 16
            while True:
                digits = digits << 4 | number % 10
                number //= 10
                many += 1
                if number == 0 or many == 16:
                    break
            for _ in range(many):
                value = (value ^ (48 + (digits & 15))) * FNV64_PRIME
                digits >>= 4
            for at in range(length):
                value = (value ^ ld_u8(suffix, at)) * FNV64_PRIME
            st_i64(out, i, mix(value ^ seed))

    return hash_number_bases


_places = Compiled(_make_places, types.void(*[types.int64] * 5))
_bases = Compiled(_make_bases, types.void(*[types.int64] * 7))
_number_bases = Compiled(_make_number_bases, types.void(*[types.int64] * 6))


def places(keys: pa.Array, seed: str) -> NDArray[np.int32]:
    """Place of each key, 0..9999: its share of 1 is place / 10000."""
    start = chance.fnv1a32(seed)
    if pa.types.is_dictionary(keys.type):
        return _taken(keys, places(keys.dictionary, seed))
    data, offsets = texts(keys)
    out = np.empty(len(keys), np.int32)
    _places(data.ctypes.data, offsets.ctypes.data, len(keys), start, out.ctypes.data)
    return out


def bases(keys: pa.Array, now: float, seed: int, policy: str) -> NDArray[np.int64]:
    """Where the draws of each key's decision start (64 bits, as signed numbers)."""
    return _hashed(keys, chance.decision_id("", now, policy), chance.mix(seed & (2**64 - 1)))


def orders(keys: pa.Array) -> NDArray[np.uint64]:
    """In which order keys come that are worth the same, see `chance.order`."""
    return _hashed(keys, "", 0).view(np.uint64)


def _hashed(keys: pa.Array, suffix: str, seed: int) -> NDArray[np.int64]:
    """Of each key with what follows it, 64 bits; `seed`: already mixed."""
    if pa.types.is_dictionary(keys.type):
        return _taken(keys, _hashed(keys.dictionary, suffix, seed))
    out = np.empty(len(keys), np.int64)
    end = np.frombuffer(suffix.encode("utf-8", "surrogatepass"), np.uint8)
    rest = (len(keys), end.ctypes.data, len(end), seed - 2**64 if seed >= 2**63 else seed, out.ctypes.data)
    if pa.types.is_integer(keys.type) or pa.types.is_floating(keys.type):
        numbers = keys.cast(pa.int64(), safe=False).fill_null(0).to_numpy()
        _number_bases(numbers.ctypes.data, *rest)
    else:
        data, offsets = texts(keys)
        _bases(data.ctypes.data, offsets.ctypes.data, *rest)
    return out


def _taken(keys: pa.Array, of_values: NDArray[Any]) -> NDArray[Any]:
    if len(of_values) == 0:
        return np.zeros(len(keys), of_values.dtype)
    indices = keys.indices.fill_null(0) if keys.indices.null_count else keys.indices
    return of_values[indices.to_numpy(zero_copy_only=False)]


def texts(keys: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Bytes of all texts, and where each begins; the last entry is where the last one ends."""
    if not pa.types.is_large_string(keys.type):
        # Casting a number gives its decimal text; of a float, only whole ones are keys.
        if pa.types.is_floating(keys.type):
            keys = keys.cast(pa.int64(), safe=False)
        if pa.types.is_integer(keys.type):
            keys = keys.cast(pa.string())
        keys = keys.cast(pa.large_string())
    _, offsets, data = keys.buffers()
    if offsets is None or len(keys) == 0:
        return np.zeros(0, np.uint8), np.zeros(len(keys) + 1, np.int64)
    places_ = np.frombuffer(offsets, np.int64)[keys.offset : keys.offset + len(keys) + 1]
    bytes_ = np.zeros(0, np.uint8) if data is None or data.size == 0 else np.frombuffer(data, np.uint8)
    return bytes_, places_
