"""Records to JSON values and back, by their declared types.

`encode` turns a frozen dataclass into a list of its fields in order; `decode` takes the class and gives it
back, or raises `Malformed` where a value does not have the type that the class declares. So what `decode`
gives is well-typed whoever wrote it. Types of values (`types.Type`) carry their name in front; sets are
sorted lists under "set"; numbers that are not finite are refused.
"""

from __future__ import annotations

import dataclasses
import math
import types as python
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from nbadsl import types
from nbadsl.program import nodes

T = TypeVar("T")

TYPES: dict[str, type] = {c.__name__: c for c in typing.get_args(types.Type)}


class Malformed(ValueError):
    """A JSON value is not what a record's field declares."""


def encode(value: Any) -> Any:
    """A record, or part of one, as JSON values."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} has no place in a record")
            return value
        case frozenset():
            return {"set": sorted(value)}
        case tuple() | list():
            return [encode(item) for item in value]
    fields = [encode(getattr(value, f.name)) for f in dataclasses.fields(value)]
    return [type(value).__name__, *fields] if type(value) in TYPES.values() else fields


def decode(cls: type[T], value: Any) -> T:
    """A record of a class from what `encode` gave. Raises Malformed."""
    declared: Any = cls
    found: T = _decoder(declared)(value)
    return found


@cache
def _decoder(declared: Any) -> Callable[[Any], Any]:
    """A function that reads a value of a declared type."""
    if declared == types.Type:
        return _type
    if declared == nodes.Value:
        return _value
    origin = typing.get_origin(declared)
    if origin is tuple:
        return _tuple(typing.get_args(declared))
    if origin in (typing.Union, python.UnionType):
        options = [option for option in typing.get_args(declared) if option is not type(None)]
        inner = _decoder(options[0])
        return lambda value: None if value is None else inner(value)
    if dataclasses.is_dataclass(declared):
        return _record(declared)
    return lambda value: _plain(declared, value)


def _plain(declared: Any, value: Any) -> Any:
    if declared is float and type(value) is int:
        return float(value)
    if type(value) is not declared or (declared is float and not math.isfinite(value)):
        raise Malformed(f"{value!r:.40} is no {getattr(declared, '__name__', declared)}")
    return value


def _value(value: Any) -> nodes.Value:
    if isinstance(value, dict) and list(value) == ["set"] and isinstance(value["set"], list):
        return frozenset(_plain(str, item) for item in value["set"])
    if value is None or type(value) in (bool, str):
        return typing.cast(nodes.Value, value)
    if type(value) is float:
        return float(_plain(float, value))
    raise Malformed(f"{value!r:.40} is no value")


def _type(value: Any) -> types.Type:
    if not isinstance(value, list) or not value or value[0] not in TYPES:
        raise Malformed(f"{value!r:.40} is no type")
    found: types.Type = _decoder(TYPES[value[0]])(value[1:])
    return found


def _tuple(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if arguments[-1] is Ellipsis:
        inner = _decoder(arguments[0])

        def many(value: Any) -> Any:
            if not isinstance(value, list):
                raise Malformed(f"{value!r:.40} is no list")
            return tuple([inner(item) for item in value])

        return many
    parts = [_decoder(argument) for argument in arguments]

    def few(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(parts):
            raise Malformed(f"{value!r:.40} is no list of {len(parts)}")
        return tuple([part(item) for part, item in zip(parts, value, strict=True)])

    return few


def _record(cls: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    parts = [_decoder(hints[f.name]) for f in dataclasses.fields(cls)]

    def record(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(parts):
            raise Malformed(f"{value!r:.40} is no {cls.__name__}")
        return cls(*[part(item) for part, item in zip(parts, value, strict=True)])

    return record
