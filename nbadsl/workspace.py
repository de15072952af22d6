"""A picture of folders of policies, with the texts that are open in an editor in front of the disk.

Takes folders and texts; gives documents cut into declarations, who imports whom, and checked policies. A picture
never changes: an edit makes a new one that shares every declaration whose text stayed, with its tree. So a
keystroke parses one declaration, and what a check said about another one's tree stays true, wherever the
declaration moved to. The price: the spans of these trees count from the start of their declaration (with the
comments above it), and `Workspace.place` tells where that is in the file today.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from threading import Lock

from nbadsl import pipeline
from nbadsl.diagnostics import Diagnostic, Edit
from nbadsl.lint import Options, lint
from nbadsl.resources import folder
from nbadsl.semantics.model import Model
from nbadsl.source import Source, Span, decode
from nbadsl.syntax import nodes
from nbadsl.syntax.declarations import Piece, is_policy, pieces
from nbadsl.syntax.parser import parse

MOST_FILES, MOST_FOLDERS = 2_000, 20_000  # below one folder: beyond that it is not a folder of policies
_SKIPPED = {"node_modules", "__pycache__", "venv", "build", "dist"}
_PARSING = Lock()  # two threads must not make two trees of one declaration


@dataclass(frozen=True, eq=False)
class Chunk:
    """One declaration with the comments above it, or what stands before the first one; `source` is its text alone."""

    source: Source

    @cached_property
    def _parsed(self) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
        return parse(self.source)

    @property
    def parsed(self) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
        with _PARSING:
            return self._parsed


@dataclass(frozen=True, eq=False)
class Document:
    """One file: its text, its declarations in order, and where each starts. `bad`: the first character that was
    not UTF-8."""

    source: Source
    chunks: tuple[Chunk, ...]
    starts: tuple[int, ...]
    bad: int | None = None

    @property
    def path(self) -> Path:
        return Path(self.source.path)

    @cached_property
    def start_of(self) -> dict[Source, int]:
        return {c.source: start for c, start in zip(self.chunks, self.starts, strict=True)}

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """What it imports, as written: paths in quotation marks, and modules."""
        words = (p.text.split() for p in _pieces_of(self, "import"))
        return tuple(w[1] for w in words if len(w) > 1)

    @cached_property
    def is_policy(self) -> bool:
        texts = (chunk.source.text for chunk in self.chunks)
        return any("policy" in text and is_policy(text) for text in texts)

    @property
    def declarations(self) -> Iterator[nodes.Declaration]:
        for chunk in self.chunks:
            yield from chunk.parsed[0].declarations

    def chunk_at(self, offset: int) -> tuple[Chunk, int]:
        """The declaration at an offset of the file, and the offset in it."""
        for chunk, start in zip(reversed(self.chunks), reversed(self.starts), strict=True):
            if start <= offset:
                return chunk, offset - start
        return self.chunks[0], offset

    def parse(self) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
        """The tree of the file and what is wrong with its text, both with spans in chunks."""
        parsed = [c.parsed for c in self.chunks]
        declarations = tuple(d for tree, _ in parsed for d in tree.declarations)
        return nodes.File(self.source, declarations), tuple(m for _, found in parsed for m in found)


def _pieces_of(document: Document, keyword: str) -> Iterator[Source]:
    for chunk in document.chunks:
        if keyword in chunk.source.text:
            text = chunk.source.text
            for piece in pieces(text)[0]:
                if piece.keyword == keyword:
                    yield Source(chunk.source.path, text[piece.start : piece.end])


def document(path: str, text: str, before: Document | None = None, bad: int | None = None) -> Document:
    """A file cut into declarations; those that `before` has with the same text are taken from there."""
    known: dict[str, list[Chunk]] = {}
    for chunk in reversed(before.chunks if before is not None else ()):
        known.setdefault(chunk.source.text, []).append(chunk)
    chunks, starts = [], []
    for start, end in _cuts(text):
        same = known.get(text[start:end])
        chunks.append(same.pop() if same else Chunk(Source(path, text[start:end])))
        starts.append(start)
    return Document(Source(path, text), tuple(chunks), tuple(starts), bad)


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    found, _ = pieces(text)
    starts = [_with_comments(text, piece) for piece in found]
    if not starts or starts[0] > 0:
        starts.insert(0, 0)
    yield from zip(starts, [*starts[1:], len(text)], strict=True)


def _with_comments(text: str, piece: Piece) -> int:
    """Where a declaration starts with the comment lines directly above it."""
    start = piece.start
    while start > 0:
        line = text.rfind("\n", 0, start - 1) + 1
        if not text[line:start].lstrip().startswith("#"):
            break
        start = line
    return start


@dataclass(frozen=True, slots=True)
class Place:
    """A range of characters of a file."""

    document: Document
    start: int
    end: int

    @property
    def path(self) -> str:
        return self.document.source.path

    @property
    def span(self) -> Span:
        return Span(self.document.source, self.start, self.end)


@dataclass(frozen=True, eq=False)
class Checked:
    """A policy, checked. `diagnostics` have spans in whole files; `documents`: the files it is made of, by path.

    `understood`: the model that names are looked up in: that of an earlier text while the profile or an import of
    this one cannot be read. `hints`: what the linter found, with spans in declarations; until it is `linted`, what it
    found in declarations that have not changed since."""

    path: str
    found: pipeline.Checked
    diagnostics: tuple[Diagnostic, ...]
    documents: Mapping[str, Document]
    understood: Model
    hints: tuple[Diagnostic, ...]
    linted: bool

    @property
    def model(self) -> Model:
        return self.found.model


@dataclass(frozen=True, eq=False)
class Workspace:
    """Folders, the files in them, and the texts that are open. Paths are absolute, as text. `cut`: the folders that are
    so large that not all of their files are here."""

    folders: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    files: Mapping[str, Document] = field(default_factory=dict)
    open: Mapping[str, Document] = field(default_factory=dict)

    # --- other pictures ---

    def with_folder(self, path: str) -> Workspace:
        """This picture and what is in a folder."""
        if path in self.folders:
            return self
        paths, is_cut = _inside(Path(path))
        found = {str(p): _read(p, self.files.get(str(p))) for p in paths}
        files = {**self.files, **{p: d for p, d in found.items() if d is not None}}
        cut = (*self.cut, path) if is_cut else self.cut
        return replace(self, folders=(*self.folders, path), cut=cut, files=files)

    def without_folder(self, path: str) -> Workspace:
        folders = tuple(f for f in self.folders if f != path)
        kept = {p: d for p, d in self.files.items() if any(_is_in(p, f) for f in folders)}
        return replace(self, folders=folders, cut=tuple(f for f in self.cut if f != path), files=kept)

    def with_text(self, path: str, text: str) -> Workspace:
        """A text that is open in the editor."""
        now = document(path, text, self.document(path))
        return replace(self, open={**self.open, path: now})._with_imports(now)

    def without_text(self, path: str) -> Workspace:
        """A text that was closed: the disk counts again."""
        kept = {p: d for p, d in self.open.items() if p != path}
        return replace(self, open=kept).with_disk([path])

    def with_disk(self, paths: Iterable[str]) -> Workspace:
        """Files that were changed, made or removed on the disk."""
        files = dict(self.files)
        for path in paths:
            read = _read(Path(path), files.get(path))
            if read is None:
                files.pop(path, None)
            else:
                files[path] = read
        return replace(self, files=files)

    def _with_imports(self, importer: Document) -> Workspace:
        """This picture and the files that one imports from outside the folders."""
        workspace, left = self, [importer]
        while left:
            new = [p for p in _targets(left.pop()) if p not in workspace.documents and os.path.isfile(p)]
            workspace = workspace.with_disk(new)
            left += [workspace.files[p] for p in new if p in workspace.files]
        return workspace

    # --- asking ---

    @cached_property
    def documents(self) -> dict[str, Document]:
        return {**self.files, **self.open}

    def document(self, path: str) -> Document | None:
        """A file of the workspace or of the standard library."""
        return self.documents.get(path) or _module(path)

    def place(self, span: Span) -> Place | None:
        """Where a span of a tree is today; None when its declaration is no longer there."""
        found = self.document(span.source.path)
        if found is None:
            return None
        start = 0 if span.source is found.source else found.start_of.get(span.source)
        return None if start is None else Place(found, start + span.start, start + span.end)

    @cached_property
    def imported(self) -> dict[str, tuple[str, ...]]:
        """By file, the files of the workspace that it imports."""
        known = self.documents
        return {p: tuple(t for t in _targets(d) if t in known) for p, d in known.items()}

    @cached_property
    def policies(self) -> dict[str, tuple[str, ...]]:
        """By file, the policies that reach it: a file that none reaches is looked at by itself."""
        reached: dict[str, list[str]] = {p: [] for p in self.documents}
        for path, found in self.documents.items():
            if found.is_policy:
                for part in self._reach(path):
                    reached[part].append(path)
        return {p: tuple(found) or (p,) for p, found in reached.items()}

    def related(self, path: str) -> tuple[str, ...]:
        """The policies that reach a file, first, and all that share a file with these."""
        own = self.policies.get(path, ())
        shared = (other for policy in own for p in self._reach(policy) for other in self.policies[p])
        return tuple(dict.fromkeys([*own, *shared]))

    def _reach(self, path: str) -> Iterator[str]:
        seen, left = {path}, [path]
        while left:
            yield (here := left.pop())
            new = [p for p in self.imported[here] if p not in seen]
            seen.update(new)
            left += new

    def is_current(self, checked: Checked) -> bool:
        """Whether a check of a policy is about the texts as they are."""
        if checked.path not in self.documents:
            return False
        used = {p: d for p, d in checked.documents.items() if p in self.documents}
        reached = set(self._reach(checked.path))
        return reached <= set(used) and all(self.documents[p] is d for p, d in used.items())

    def check(self, path: str, before: Checked | None = None) -> Checked | None:
        """Check the policy at a path; `before`: the last time. None when there is no such file."""
        used: dict[str, Document] = {}

        def read(file: Path) -> tuple[Source, int | None]:
            name = str(file) if str(file) == path else os.path.abspath(file)
            document = used.get(name) or self.document(name)
            if document is None:
                raise FileNotFoundError(name)
            used[name] = document
            return document.source, document.bad

        if path not in self.documents:
            return None
        part = not self.documents[path].is_policy
        checked = pipeline.check(
            Path(path), read, lambda source: used[source.path].parse(), part, self._in_file
        )
        if part:
            kept = tuple(d for d in checked.diagnostics if d.kind.name != "missing-declaration")
            checked = replace(checked, diagnostics=kept)
        lost = "*" in checked.model.broken and not part
        understood = before.understood if lost and before is not None else checked.model
        hints = tuple(d for d in before.hints if self._is_there(d)) if before is not None and not part else ()
        shown = self._in_files((*checked.diagnostics, *hints))
        return Checked(path, checked, shown, used, understood, hints, linted=part)

    def lint(self, checked: Checked, options: Options) -> Checked:
        """The same policy with what the linter finds in it."""
        hints = lint(checked.found, options, self._in_file)
        shown = self._in_files((*checked.found.diagnostics, *hints))
        return replace(checked, diagnostics=shown, hints=hints, linted=True)

    def _is_there(self, found: Diagnostic) -> bool:
        """Whether the declarations that a finding is about are as they were."""
        edited = (edit.span for fix in found.fixes for edit in fix.edits)
        spans = (found.span, *(span for span, _ in found.related), *edited)
        return all(self.place(span) is not None for span in spans)

    def _in_files(self, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Findings with spans in whole files, in the order of these."""
        moved = [
            Diagnostic(
                d.kind,
                self._in_file(d.span),
                d.message,
                d.help,
                tuple(
                    replace(f, edits=tuple(Edit(self._in_file(e.span), e.text) for e in f.edits))
                    for f in d.fixes
                ),
                tuple((self._in_file(span), note) for span, note in d.related),
            )
            for d in found
        ]
        return tuple(sorted(moved, key=lambda d: (d.span.source.path, d.span.start, d.span.end)))

    def _in_file(self, span: Span) -> Span:
        place = self.place(span)
        assert place is not None, "a check reports on what it was given"
        return place.span


def _read(path: Path, before: Document | None) -> Document | None:
    """A file of the disk; `before` when its text is the same, None when it cannot be read."""
    try:
        text, bad = decode(path.read_bytes())
    except OSError:
        return None
    if before is not None and (before.source.text, before.bad) == (text, bad):
        return before
    return document(str(path), text, before, bad)


@lru_cache(maxsize=64)
def _module(path: str) -> Document | None:
    """A module of the standard library, which does not change."""
    return _read(Path(path), None) if _is_in(path, str(folder("stdlib"))) else None


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _inside(top: Path) -> tuple[list[Path], bool]:
    """The policies' files below a folder, without folders of tools, the nearest first; and whether it is so large that
    it was not read to its end."""
    found: list[Path] = []
    left, seen = deque([str(top)]), 0
    while left:
        if seen == MOST_FOLDERS or len(found) > MOST_FILES:
            return found[:MOST_FILES], True
        seen += 1
        for here, below, names in islice(os.walk(left.popleft()), 1):
            found += [Path(here, name) for name in sorted(names) if name.endswith(".nba")]
            inner = (os.path.join(here, b) for b in sorted(below) if b[0] != "." and b not in _SKIPPED)
            left += [path for path in inner if not os.path.islink(path)]
    return found[:MOST_FILES], len(found) > MOST_FILES


def _targets(document: Document) -> Iterator[str]:
    """The files that a file imports, whether they exist or not."""
    here = os.path.dirname(document.source.path)
    for written in document.imports:
        if written.startswith('"') and "\0" not in written:
            yield os.path.normpath(os.path.join(here, written.strip('"')))
