"""The story of one person's decision, in words and as plain data.

`tell` is the whole of it, `limits` how the person stands with each limit, `values` how numbers and moments are read.
"""

from nbadsl.story.limits import ToldLimit
from nbadsl.story.tell import Story, Told, tell

__all__ = ["Story", "Told", "ToldLimit", "tell"]
