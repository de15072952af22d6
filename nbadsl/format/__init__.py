"""One layout for every policy: source in, the same text in one style out.

The idea: only the white space between words changes, so nothing can get lost. The words and marks of a declaration
are kept as they stand, with the comments between them (`words.py`); its tree says what belongs together and where the
author chose lines (`shape.py`); a printer puts as much on a line as fits (`printer.py`, `expressions.py`). What comes
out is parsed again, and a declaration that would mean something else stays as it was (`file.py`).
"""

from nbadsl.format.file import WIDTH as WIDTH
from nbadsl.format.file import Formatted as Formatted
from nbadsl.format.file import format_file as format_file
from nbadsl.format.file import formatted as formatted
