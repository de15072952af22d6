"""Findings about a policy: kinds, the findings themselves, and how they are shown.

`catalog` declares each kind once; `diagnostic` holds findings as data; `render` turns them into text,
JSON, SARIF or GitHub annotations; `pages/<kind>.md` explains each kind with examples that are tests.
"""

from nbadsl.diagnostics.catalog import KINDS, Kind
from nbadsl.diagnostics.diagnostic import Diagnostic, Edit, Findings, Fix

__all__ = ["KINDS", "Diagnostic", "Edit", "Findings", "Fix", "Kind"]
