"""What somebody who uses nbadsl can mend: the base of the errors that say so.

A command shows the message alone, and ends; any other exception is a mistake of ours, and keeps its traceback.
"""

from __future__ import annotations


class Mistake(Exception):
    """The message is for whoever gave the command, the file or the value at fault."""
