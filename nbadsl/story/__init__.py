"""The story of one person's decision, in words and as plain data.

`person` asks for all of it: `tell` is the decision and every candidate's fate, `limits` how the person stands with each
limit, `why_not` what would have to be different for an action to win, and `factors` what the decision hangs on.
`values` and `lines` say how it is read.
"""

from nbadsl.story.factors import Factors, Without
from nbadsl.story.limits import ToldLimit
from nbadsl.story.tell import Story, Told, tell
from nbadsl.story.why_not import Rival, Stop, ToldChange, WhyNot

__all__ = [
    "Factors",
    "Rival",
    "Stop",
    "Story",
    "Told",
    "ToldChange",
    "ToldLimit",
    "WhyNot",
    "Without",
    "tell",
]
