"""Functions that are compiled into others, never for themselves.

`@part("iif", "i")` is `njit` for a function that only compiled functions call: its types are declared, so it
is compiled once and for nothing but its callers, which halves the time to compile the kernel. The first
text has a letter for each argument, the second one for each result (several make a tuple, none is None):

    i  whole number or address       f  double              b  yes or no
    I  array of int64                F  array of doubles    u  array of uint8      l  array of int32
    T  table of int64                G  table of doubles    L  table of int32

Division by zero gives infinity or NaN, as in C; integers wrap; nothing is allocated.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba import config, types
from numba.core import compiler
from numba.extending import intrinsic

_TYPES = {
    "i": types.int64,
    "f": types.float64,
    "b": types.boolean,
    "I": types.int64[::1],
    "F": types.float64[::1],
    "u": types.uint8[::1],
    "l": types.int32[::1],
    "T": types.int64[:, ::1],
    "G": types.float64[:, ::1],
    "L": types.int32[:, ::1],
}


def part(arguments: str, results: str = "") -> Callable[[Callable[..., Any]], Any]:
    """See the module."""
    result: Any = types.none
    if len(results) == 1:
        result = _TYPES[results]
    elif results:
        result = types.Tuple([_TYPES[letter] for letter in results])  # type: ignore[no-untyped-call]
    signature = result(*(_TYPES[letter] for letter in arguments))

    def declare(function: Callable[..., Any]) -> Any:
        def typed(typingctx: Any, *given: Any) -> Any:
            return signature, generate

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            flags: Any = compiler.Flags()  # type: ignore[no-untyped-call]
            flags.error_model = "numpy"
            with _unoptimised():
                code = context.compile_subroutine(builder, function, signature, flags=flags)
                if not getattr(code.library, "_finalized", True):
                    code.library.finalize()
            return context.call_internal(builder, code.fndesc, signature, values)

        # Numba reads the names and the number of parameters off this.
        own = inspect.signature(function)
        first = inspect.Parameter("typingctx", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        typed.__signature__ = own.replace(parameters=[first, *own.parameters.values()])  # type: ignore[attr-defined]
        typed.__name__ = typed.__qualname__ = function.__name__
        typed.__doc__ = function.__doc__
        return intrinsic(typed)

    return declare


@contextmanager
def _unoptimised() -> Iterator[None]:
    """Leave a part as it is: Numba would optimise it now, and again within each of its callers."""
    settings: Any = config
    before = settings.OPT
    settings.OPT = type(before)(0)
    try:
        yield
    finally:
        settings.OPT = before
