"""Compiled policies as files (`.nbac`): saved, loaded without parser or compiler, and trusted by nobody.

    8 bytes     "NBAC", 13, 10, 26, 0 (shows files mangled as text)
    4 bytes     version of the format, little-endian, like all numbers here
    8 bytes     length of the content
    32 bytes    SHA-256 of the content
    content     three lengths (8 bytes each), then: facts and tables as JSON, arrays, the program as JSON

The arrays are instructions and lists (int32), constants (float64) and masks of sets (uint64), raw, one after the
other. The program is there to explain decisions; it is only decoded when asked for. Loading checks the
length and the digest, then every field's type, then that the plan is safe to run (`verify`): a file that was
damaged is refused, and a file that was made with ill intent can only decide nonsense.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from nbadsl.aside import write
from nbadsl.mistake import Mistake
from nbadsl.plan.codec import Malformed, decode, encode
from nbadsl.plan.plan import Chosen, Column, HoldoutUse, Parts, Plan, RunTest, Test, Undefined
from nbadsl.plan.program_codec import decode_program, encode_program
from nbadsl.plan.verify import verify
from nbadsl.plan.verify_tables import BadPlan
from nbadsl.program.facts import Facts, facts_of
from nbadsl.program.nodes import Program

MAGIC = b"NBAC\r\n\x1a\x00"
VERSION = 1
_HEAD = struct.Struct("<8sIQ32s")
_LENGTHS = struct.Struct("<QQQ")
ARRAYS = {"code": "<i4", "lists": "<i4", "constants": "<f8", "masks": "<u8"}
MOST_TEXT = 1 << 30  # of the program, unpacked


class BadArtefact(Mistake, ValueError):
    """A file that is no compiled policy, or a damaged one, or one that must not be run."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """A plan without its arrays, as JSON holds it."""

    facts: Facts
    parts: Parts
    columns: tuple[Column, ...]
    tests: tuple[Test, ...]
    givens: tuple[tuple[int, str], ...]
    run_tests: tuple[RunTest, ...]
    rules: tuple[int, ...]
    active: tuple[int, ...]
    fallbacks: tuple[bool, ...]
    undefined: tuple[Undefined, ...]
    chosen: Chosen
    holdouts: tuple[HoldoutUse, ...]
    mask_registers: int
    number_registers: int
    uses_zone: bool
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Artefact:
    """A loaded policy. `program()` decodes the program; it raises BadArtefact when that is damaged, or another policy's."""

    plan: Plan
    _packed: bytes
    _program: list[Program] = field(default_factory=list)

    def program(self) -> Program:
        if not self._program:
            program = _unpacked(self._packed)
            if facts_of(program) != self.plan.facts:
                raise BadArtefact("the program within is not that of the plan")
            self._program.append(program)
        return self._program[0]


# --- saving ----------------------------------------------------------------------------------------------


def dump(plan: Plan, program: Program) -> bytes:
    """A compiled policy as bytes; the same for the same plan and program, on every machine."""
    arrays = {name: np.array(getattr(plan, name), dtype) for name, dtype in ARRAYS.items()}
    rest = _Rest(
        **{f.name: getattr(plan, f.name) for f in fields(_Rest) if f.name != "sizes"},
        sizes=tuple(len(array) for array in arrays.values()),
    )
    parts = (
        _json(encode(rest)),
        b"".join(array.tobytes() for array in arrays.values()),
        zlib.compress(_json(encode_program(program)), 6),
    )
    content = _LENGTHS.pack(*map(len, parts)) + b"".join(parts)
    return _HEAD.pack(MAGIC, VERSION, len(content), hashlib.sha256(content).digest()) + content


def save(path: Path, plan: Plan, program: Program) -> None:
    """Write a compiled policy to a file. Raises what `aside` does."""
    write(path, dump(plan, program))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "surrogatepass"
    )


# --- loading ------------------------------------------------------------------------------------------------


def load(path: Path) -> Artefact:
    """Read a compiled policy. Raises BadArtefact, or OSError where there is none."""
    return loads(path.read_bytes(), str(path))


def loads(data: bytes, name: str = "the file") -> Artefact:
    """A compiled policy from bytes. `name`: for messages. Raises BadArtefact."""
    if data[:8] != MAGIC or len(data) < _HEAD.size:
        raise BadArtefact(f"{name} is not a compiled policy")
    _, version, length, digest = _HEAD.unpack_from(data)
    if version != VERSION:
        raise BadArtefact(
            f"{name} has format {version}, this program reads {VERSION}: compile the policy again"
        )
    content = data[_HEAD.size :]
    if len(content) != length:
        raise BadArtefact(f"{name} is damaged: {len(content)} bytes instead of {length}")
    if hashlib.sha256(content).digest() != digest:
        raise BadArtefact(f"{name} is damaged: its checksum does not match")
    try:
        return _read(content)
    except (
        Malformed,
        BadPlan,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        OverflowError,
        struct.error,
    ) as error:
        raise BadArtefact(f"{name} is not a valid compiled policy: {error}") from error


def _read(content: bytes) -> Artefact:
    lengths = _LENGTHS.unpack_from(content)
    if sum(lengths) != len(content) - _LENGTHS.size:
        raise BadArtefact("its parts do not fill it")
    at = _LENGTHS.size
    parts = []
    for length in lengths:
        parts.append(content[at : at + length])
        at += length
    rest = decode(_Rest, json.loads(parts[0].decode("utf-8", "surrogatepass"), parse_constant=_refuse))
    plan = Plan(
        **{f.name: getattr(rest, f.name) for f in fields(_Rest) if f.name != "sizes"},
        **_arrays(rest.sizes, parts[1]),
    )
    verify(plan)
    return Artefact(plan, parts[2])


def _arrays(sizes: tuple[int, ...], data: bytes) -> dict[str, Any]:
    found, at = {}, 0
    if len(sizes) != len(ARRAYS) or min(sizes) < 0:
        raise Malformed("arrays")
    for size, (name, dtype) in zip(sizes, ARRAYS.items(), strict=True):
        found[name] = tuple(np.frombuffer(data, dtype, size, at).tolist())
        at += size * np.dtype(dtype).itemsize
    if at != len(data):
        raise Malformed("arrays do not fill their part")
    return found


def _unpacked(packed: bytes) -> Program:
    try:
        unpack = zlib.decompressobj()
        text = unpack.decompress(packed, MOST_TEXT)
        if not unpack.eof:
            raise Malformed("the program within is cut off, or too long")
        return decode_program(json.loads(text.decode("utf-8", "surrogatepass"), parse_constant=_refuse))
    except (Malformed, ValueError, RecursionError, zlib.error) as error:
        raise BadArtefact(f"the program within is damaged: {error}") from error


def _refuse(name: str) -> Any:
    raise Malformed(f"{name} is no number of JSON")
