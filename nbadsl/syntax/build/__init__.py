"""From grammar rules to nodes: one method for each rule of `grammar/nba.lark`.

The parser calls these while it reads, so no intermediate tree exists. Every method gets the parts of its
rule in order, tokens included; a node's span runs from its first to its last part.


The modules are split by family of rules; each adds to the one before, and `Builder` has them all.
"""

from nbadsl.syntax.build.choosing import Choosing as Builder

__all__ = ["Builder"]
