"""Lowering of the part that counts undefined operations (stub until its turn)."""

from __future__ import annotations

from nbadsl.plan.emit import Block, Tables
from nbadsl.plan.ranges import Ranges
from nbadsl.program.nodes import Program


def block(program: Program, tables: Tables, ranges: Ranges, first_counter: int) -> Block:
    return []
