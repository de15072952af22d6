"""A name that is also a function of the language, or of a module of the standard library that the policy imports.

Both may be called that, and the policy's own is meant; but whoever knows the library reads the other one.
"""

from __future__ import annotations

from pathlib import Path

from nbadsl.diagnostics import Findings
from nbadsl.lint.policy import Policy
from nbadsl.semantics.builtins import COUNTS


def find(policy: Policy, found: Findings) -> None:
    modules = {
        name: f"in `std.{Path(path).stem}`" for path, names in policy.model.library.items() for name in names
    }
    for symbol in policy.model.symbols.values():
        if not policy.is_own(symbol.span):
            continue
        what = "a function of the language" if symbol.name in COUNTS else modules.get(symbol.name)
        if what:
            found.report("shadows-library", symbol.span, name=symbol.name, what=what)
