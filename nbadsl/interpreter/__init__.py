"""program -> decision, slowly and obviously: the meaning of the language.

`calendar` and `expressions` say what an expression is worth for one person, `decide` what is done for the
person, and `explain` is the same with a recorder. It runs a program as it was written, before any rewrite,
in plain Python. It imports no engine, and no engine imports it: that they agree is tested.
"""

from nbadsl.interpreter.decide import Judge, Outcome, decide, run
from nbadsl.interpreter.explain import Account, Alone, Explanation, Hurdle, Part, Reading, alone, explain
from nbadsl.interpreter.expressions import Evaluator, Recorder

__all__ = [
    "Account",
    "Alone",
    "Evaluator",
    "Explanation",
    "Hurdle",
    "Judge",
    "Outcome",
    "Part",
    "Reading",
    "Recorder",
    "alone",
    "decide",
    "explain",
    "run",
]
