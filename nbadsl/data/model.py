"""The profile of a policy as a pydantic model, and so as a JSON Schema; the same for the context.

Takes the facts of a policy; gives a frozen model with one field for each declared field: its Python type,
range, words and documentation. It is for services that validate requests, for typed Python code, and for
those who deliver the data and want its description in a form that their tools read.

`read_value` judges every value, so the model takes a person exactly when `read_record` does, with the same words
for what is wrong; `read_record(inputs, person.model_dump(by_alias=True))` gives the row. The JSON Schema
says the same as far as JSON Schema can.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from keyword import iskeyword
from math import ceil, floor
from typing import Annotated, Any, Literal, assert_never

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    create_model,
)

from nbadsl.data.records import read_value, record_keys
from nbadsl.data.rules import expected
from nbadsl.program.facts import Facts
from nbadsl.program.nodes import Input, Value
from nbadsl.types import (
    EXACT,
    Anything,
    Clock,
    Date,
    Duration,
    Flag,
    Integer,
    Money,
    Number,
    Set,
    Text,
    Time,
    Words,
)
from nbadsl.zone import EPOCH, EPOCH_DAY


def profile_model(facts: Facts) -> type[BaseModel]:
    """A model of one person. Unknown and absent values are None; other fields must be given."""
    return _model(facts.profile, facts.inputs, f"A {facts.profile} as the policy {facts.name} reads it.")


def context_model(facts: Facts) -> type[BaseModel]:
    """A model of what a request brings beside the person."""
    return _model("context", facts.context, f"What a request brings for the policy {facts.name}.")


def _model(name: str, inputs: tuple[Input, ...], doc: str) -> type[BaseModel]:
    columns = record_keys(inputs)
    fields = {attribute(f.name): _field(f, columns.get(f.name, f.name)) for f in inputs}
    config = ConfigDict(
        frozen=True,
        extra="forbid",
        protected_namespaces=(),
        validate_by_name=True,
        validate_by_alias=True,
        # Otherwise pydantic makes up titles: "Consent Email".
        field_title_generator=lambda field, info: field,
    )
    title = "".join(part.capitalize() for part in name.split("_"))
    return create_model(title, __config__=config, __doc__=doc, **fields)  # type: ignore[no-any-return, call-overload]


def attribute(name: str) -> str:
    """The name of a field as a Python attribute: with a _ behind where Python or pydantic has other plans for it."""
    bare = name.lstrip("_") or "field"
    return f"{bare}_" if bare != name or iskeyword(bare) or hasattr(BaseModel, bare) else bare


def _field(field: Input, key: str) -> tuple[Any, Any]:
    schema: dict[str, Any] = _json_schema(field)
    kind = _python_type(field)
    may_be_null = field.optional or field.never
    if may_be_null:
        schema, kind = {"anyOf": [schema, {"type": "null"}]}, kind | None
    annotated: Any = Annotated[kind, BeforeValidator(_validator(field)), WithJsonSchema(schema)]
    if isinstance(field.type, Duration) and field.unit is None:
        annotated = Annotated[annotated, PlainSerializer(_iso_duration, when_used="json")]
    info: dict[str, Any] = {"description": _description(field)}
    if key != attribute(field.name):
        info["alias"] = key
    if field.default is not None:
        return annotated, Field(_python(field, None, field.default), **info)
    return annotated, Field(None, **info) if may_be_null else Field(**info)


def _description(field: Input) -> str:
    what = expected(field)
    if field.never:
        what += "; null: it has not happened"
    elif field.optional:
        what += "; null: unknown"
    return f"{field.doc}\n\n{what}" if field.doc else what


def _validator(field: Input) -> Callable[[Any], Any]:
    def validate(given: Any) -> Any:
        value = read_value(field, given)
        return None if value is None else _python(field, given, value)

    return validate


def _python_type(field: Input) -> Any:
    match field.type:
        case Flag():
            return bool
        case Integer():
            return int
        case Number() | Money():
            return float
        case Duration():
            return timedelta if field.unit is None else float
        case Date():
            return date
        case Time():
            return datetime
        case Clock():
            return time
        case Text():
            return str
        case Words(words):
            return Literal[words]
        case Set(words):
            return frozenset[Literal[words]]  # type: ignore[valid-type]
        case Anything():
            raise TypeError("a field of no type is in no model")
        case _:
            assert_never(field.type)


def _python(field: Input, given: Any, value: Value) -> Any:
    """A value as Python code wants it. `given`: what the value was read from; None for a default."""
    match field.type, value:
        case Integer(), float():
            return int(value)
        case Duration(), float() if field.unit is not None:
            return value / field.unit if given is None or isinstance(given, timedelta) else float(given)
        case Duration(), float():
            return timedelta(microseconds=value)
        case Date(), float():
            return EPOCH_DAY + timedelta(days=value)
        case Time(), float() if given is None:
            return EPOCH + timedelta(microseconds=value)
        case Time(), float():
            # What has no zone keeps none: it is the policy's time.
            return datetime.fromisoformat(given.strip()) if isinstance(given, str) else given
        case Clock(), float():
            return (datetime.min + timedelta(microseconds=value)).time()
    return value


def _iso_duration(length: timedelta | None) -> str | None:
    """A length of time as JSON has it. Pydantic's own spelling counts years."""
    if length is None:
        return None
    size = abs(length)
    seconds = f"{size.seconds}.{size.microseconds:06}" if size.microseconds else str(size.seconds)
    return f"{'-' if size != length else ''}P{size.days}DT{seconds}S"


def _json_schema(field: Input) -> dict[str, Any]:
    match field.type:
        case Flag():
            return {"type": "boolean"}
        case Integer():
            low = -EXACT if field.low is None else field.low
            high = EXACT if field.high is None else field.high
            return {"type": "integer", "minimum": ceil(low), "maximum": floor(high)}
        case Number() | Money():
            return {"type": "number", **_bounds(field, 1.0)}
        case Duration():
            if field.unit is None:
                return {"type": "string", "format": "duration"}
            return {"type": "number", **_bounds(field, field.unit)}
        case Date():
            return {"type": "string", "format": "date"}
        case Time():
            return {"type": "string", "format": "date-time"}
        case Clock():
            return {"type": "string", "format": "time"}
        case Text():
            return {"type": "string"}
        case Words(words):
            return {"type": "string", "enum": list(words)}
        case Set(words):
            return {"type": "array", "items": {"type": "string", "enum": list(words)}, "uniqueItems": True}
        case Anything():
            raise TypeError("a field of no type is in no model")
        case _:
            assert_never(field.type)


def _bounds(field: Input, unit: float) -> dict[str, float]:
    bounds = {"minimum": field.low, "maximum": field.high}
    return {word: bound / unit for word, bound in bounds.items() if bound is not None}
