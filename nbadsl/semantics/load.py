"""Follow the imports of a policy.

Takes the path of a policy; gives the trees of all its files, each once, imported files before the file
that imports them. Only files in the policy's folder (or below) and modules of the standard library can be
imported. How files are read and parsed is passed in, so that an editor can put unsaved text in front of the
disk and keep trees of what did not change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nbadsl.diagnostics import Diagnostic, Findings
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.resources import folder
from nbadsl.source import Source, Span, read
from nbadsl.syntax import nodes
from nbadsl.syntax.parser import parse

Reader = Callable[[Path], tuple[Source, int | None]]
Parser = Callable[[Source], tuple[nodes.File, tuple[Diagnostic, ...]]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`files`: imported before importing; the policy's own file is the last. `library`: paths of std modules.
    `partial`: some import could not be followed."""

    files: tuple[nodes.File, ...]
    library: frozenset[str]
    partial: bool


def load(path: Path, found: Findings, read: Reader = read, parse: Parser = parse) -> Loaded:
    """All files of the policy at a path. Raises OSError when that file itself cannot be read."""
    loader = _Loader(path.parent.resolve(), found, read, parse)
    loader.visit(path, ())
    return Loaded(tuple(loader.files.values()), frozenset(loader.library), loader.partial)


class _Loader:
    def __init__(self, root: Path, found: Findings, read: Reader, parse: Parser) -> None:
        self.root, self.found, self.read, self.parse = root, found, read, parse
        self.files: dict[Path, nodes.File] = {}
        self.library: set[str] = set()
        self.partial = False

    def visit(self, path: Path, chain: tuple[Path, ...]) -> None:
        source, bad = self.read(path)
        if bad is not None:
            self.found.report("not-utf-8", Span(source, bad, bad + 1), help="save the file as UTF-8")
        tree, mistakes = self.parse(source)
        if bad is not None:
            # Said once: characters that could not be decoded mean nothing to the parser either.
            mistakes = tuple(m for m in mistakes if m.span.text != "\ufffd")
        self.found.extend(mistakes)
        here = path.resolve()
        for declaration in tree.declarations:
            if isinstance(declaration, nodes.Import):
                self._follow(declaration, path, (*chain, here))
        self.files[here] = tree

    def _follow(self, declaration: nodes.Import, importer: Path, chain: tuple[Path, ...]) -> None:
        target = self._file(declaration, importer) if declaration.path else self._module(declaration)
        if target is None:
            self.partial = True
            return
        resolved = target.resolve()
        if resolved in chain:
            names = " → ".join(p.name for p in (*chain[chain.index(resolved) :], resolved))
            self.partial = True
            self.found.report("import-cycle", declaration.span, path=names)
        elif resolved not in self.files:
            self.visit(target, chain)

    def _file(self, declaration: nodes.Import, importer: Path) -> Path | None:
        assert declaration.path is not None
        written = declaration.path
        target = importer.parent / written.text
        inside = "\0" not in written.text and target.resolve().is_relative_to(self.root)
        if not inside:
            help = f"imports are confined to {self.root.name or 'the folder of the policy'}/"
            self.found.report("file-outside", written.span, path=written.text, help=help)
            return None
        try:
            self.read(target)
        except OSError:
            beside = [p.name for p in sorted(importer.parent.glob("*.nba")) if p != importer]
            help = did_you_mean(written.text, beside)
            self.found.report("unknown-file", written.span, path=written.text, help=help)
            return None
        return target

    def _module(self, declaration: nodes.Import) -> Path | None:
        names = [n.text for n in declaration.module]
        target = (
            folder("stdlib").joinpath(*names[1:]).with_suffix(".nba") if len(names) > 1 else folder("stdlib")
        )
        if names[0] != "std" or not target.is_file():
            modules = [f"std.{p.stem}" for p in sorted(folder("stdlib").glob("*.nba"))]
            span = declaration.module[0].span.to(declaration.module[-1].span)
            written = ".".join(names)
            help = did_you_mean(written, modules)
            self.found.report("unknown-module", span, name=written, help=help)
            return None
        self.library.add(str(target))
        return target
