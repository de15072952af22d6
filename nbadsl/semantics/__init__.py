"""Tree to model: what every name means, what every expression is, and whether the rules of the language hold.

`load` follows imports, `declare` collects names, `infer` types expressions, `judge` checks declarations.
Like parsing, none of it fails: it gives the model that it understood, and findings.
"""
