"""Passes over the program that keep its meaning: what the engine runs is the program after all of them."""

from __future__ import annotations

from nbadsl.program.nodes import Program


def rewrite(program: Program) -> Program:
    return program
