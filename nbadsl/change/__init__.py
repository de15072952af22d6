"""The smallest change of one person that makes an action win.

Takes a program, a person and what the interpreter decides; gives the values of some fields that would have to be
different, or that none can. The idea: along one field nothing changes but where a test or a comparison of two scores
turns, and there are few such places. `values` says what a field can be and how far that is from what it is,
`direction` in which direction an expression moves with a field, `pieces` finds where anything turns, `trial` asks the
interpreter what is decided then, and `search` tries changes of one field, of two, of three. `linear` and `corners` are
for two numbers that are compared together.
"""

from nbadsl.change.search import Change, Found, changeable, smallest

__all__ = ["Change", "Found", "changeable", "smallest"]
