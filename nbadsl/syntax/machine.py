"""The parser's tables, made from the grammar once for a machine.

Making the LALR tables takes about half a second, reading them back a tenth. They are kept as JSON in the
user's cache folder under a name that holds the digests of the grammar and of Lark's version; a file that is
missing, damaged or not writable only costs the half second.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from nbadsl.aside import write
from nbadsl.resources import folder
from nbadsl.syntax.build import Builder
from nbadsl.syntax.rows import Rows


def make() -> tuple[Lark, Builder, Rows]:
    """The parser of one declaration, the builder that it calls, and its filter of line ends."""
    builder, rows = Builder(), Rows()
    grammar = (folder("grammar") / "nba.lark").read_text(encoding="utf-8")
    path = _cache(grammar)
    try:
        return _load(json.loads(path.read_text(encoding="utf-8")), builder, rows), builder, rows
    except (OSError, ValueError, KeyError, TypeError, AttributeError, lark.LarkError):
        pass
    parser = Lark(
        grammar,
        start="declaration",
        parser="lalr",
        lexer="contextual",
        transformer=builder,
        postlex=rows,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )
    _save(parser, path)
    return parser, builder, rows


def cache_folder() -> Path:
    """Where nba keeps what can be made again: NBADSL_CACHE_DIR, else the user's cache folder."""
    own = os.environ.get("NBADSL_CACHE_DIR")
    if own:
        return Path(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nbadsl"


def _cache(grammar: str) -> Path:
    digest = hashlib.sha256(f"{lark.__version__}\n{grammar}".encode()).hexdigest()
    return cache_folder() / f"grammar-{digest[:24]}.json"


def _load(stored: dict[str, Any], builder: Builder, rows: Rows) -> Lark:
    data, memo = stored["data"], {int(k): v for k, v in stored["memo"].items()}
    table = data["parser"]["parser"]
    table["states"] = {
        int(state): {token: tuple(action) for token, action in actions.items()}
        for state, actions in table["states"].items()
    }
    parser: Lark = Lark.__new__(Lark)
    # What Lark's own stand-alone generator calls to bring tables back.
    parser._load({"data": data, "memo": memo}, transformer=builder, postlex=rows)
    return parser


def _save(parser: Lark, path: Path) -> None:
    try:
        data, memo = parser.memo_serialize([TerminalDef, Rule])
        options = data["options"]
        plain = (str, int, bool, list, dict, type(None))
        data["options"] = {k: v if isinstance(v, plain) else None for k, v in options.items()}
        text = json.dumps({"data": data, "memo": memo}, default=list)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text.encode())
    except (OSError, TypeError, ValueError, AttributeError):
        return
