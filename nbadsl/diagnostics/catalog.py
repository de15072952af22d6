"""Every kind of finding, one line each: its name, how grave it is, and its message.

The name is stable: it is what `# nba: ignore[...]`, `nba doc` and other tools use. Each kind has a page
of the same name in `pages/`. Messages are one clause in lower case without a full stop; what the author
wrote stands in backticks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """`severity`: `error` (the policy is not run), `warning`, or `hint` (of `nba lint`). `message`: a format string."""

    name: str
    severity: str
    message: str


_KINDS = (
    # text
    Kind("not-utf-8", "error", "this is not UTF-8 text"),
    Kind("unexpected-character", "error", "the character {found} has no meaning here"),
    Kind("unclosed-text", "error", "this text has no closing quotation mark"),
    Kind("unclosed-block", "error", "the block of {what} is not closed"),
    Kind("syntax", "error", "found {found}, expected {expected}"),
    Kind("chained-comparison", "error", "comparisons do not chain"),
    Kind("mixed-and-or", "error", "`and` and `or` stand together without brackets"),
    Kind("unknown-declaration", "error", "no declaration begins with `{found}`"),
    Kind("indented-declaration", "error", "a declaration begins at the start of a line, not after {what}"),
    Kind("reserved-word", "error", "`{name}` is reserved for a later version of the language"),
    Kind("wrong-date", "error", "`{found}` is not a {what}"),
    Kind("wrong-number", "error", "`{found}` is too large for an exact number"),
    Kind("too-deep", "error", "this expression is nested too deeply"),
    # files and names
    Kind("unknown-file", "error", "there is no file `{path}`"),
    Kind("file-outside", "error", "`{path}` is outside the folder of the policy"),
    Kind("unknown-module", "error", "there is no module `{name}` in the standard library"),
    Kind("import-cycle", "error", "this import leads back to the file itself: {path}"),
    Kind("missing-declaration", "error", "the policy has no `{what}`"),
    Kind("repeated-declaration", "error", "there is more than one `{what}`"),
    Kind("repeated-name", "error", "the name `{name}` is already taken by {other}"),
    Kind("repeated-item", "error", "`{what}` stands twice in {where}"),
    Kind("misplaced-item", "error", "`{what}` cannot stand in {where}"),
    Kind("unknown-name", "error", "there is no {what} called `{name}`"),
    Kind("wrong-word", "error", "{found} cannot be a word: {why}"),
    Kind("unknown-word", "error", "`{word}` is not one of the words of {what}"),
    Kind("unknown-type", "error", "there is no type `{name}`"),
    Kind("unknown-purpose", "error", "the policy has no purpose `{name}`"),
    Kind("unknown-timezone", "error", "there is no time zone `{name}`"),
    Kind("unknown-setting", "error", "`{found}` is not {expected}"),
    Kind("recursive-definition", "error", "`{name}` is defined by itself: {path}"),
    # types
    Kind("wrong-type", "error", "{what} is {found}, expected {expected}"),
    Kind("mismatched-types", "error", "`{operator}` does not go with {left} and {right}"),
    Kind("wrong-arguments", "error", "`{name}` takes {expected}, found {found}"),
    Kind("not-a-value", "error", "`{name}` is {what}, which has no value here"),
    Kind("never-without-or-never", "error", "`is never` asks {what}, which is not `or never`"),
    Kind("known-of-never", "error", "`is {state}` asks {what}, which is `or never` and so always known"),
    Kind("wrong-modifier", "error", "`{modifier}` does not go with {type}"),
    Kind("wrong-range", "error", "the range {found} is empty"),
    Kind("missing-value", "error", "parameter `{name}` has no value"),
    Kind("out-of-range", "error", "{found} is outside {range}"),
    Kind("not-constant", "error", "{what} must be the same for everybody, but reads `{name}`"),
    # unknown
    Kind("unsettled-unknown", "error", "this rule does not say what happens when {what} is unknown"),
    Kind("wrong-unknown-clause", "error", "`unknown {word}` does not go with `{stage}`"),
    Kind("idle-unknown-clause", "warning", "nothing in this rule can be unknown"),
    # purposes
    Kind("wrong-purpose", "error", "`{field}` is only for {purpose}, but {reader} is for {found}"),
    # tables
    Kind("wrong-cells", "error", "the table has {expected} columns, but this row has {found}"),
    Kind("wrong-columns", "error", "the first row names {found}, expected {expected}"),
    Kind("wrong-cell", "error", "found {found} in this cell, expected {expected}"),
    Kind("unreachable-row", "warning", "this row is never reached"),
    Kind("overlapping-rows", "error", "this row and another hold together, but the table is `unique`"),
    Kind("table-gap", "warning", "no row holds for {example}"),
    # actions and choosing
    Kind("missing-factor", "error", "the score reads `{factor}`, but action `{action}` has none"),
    Kind("factor-outside-score", "error", "`{factor}` is known in `score` alone"),
    Kind("no-candidate-here", "error", "`{name}` asks about a candidate, but {what} is about a person"),
    Kind("wrong-share", "error", "{what} is {found}, expected {expected}"),
    Kind("wrong-count", "error", "{what} is {found}, expected {expected}"),
    Kind("optional-key", "error", "`{field}` may be unknown, so it cannot be what {what} goes by"),
    Kind("explore-with-pick", "error", "`explore` needs `pick 1`"),
    Kind("idle-limit", "warning", "this {what} can never bind"),
    Kind("endless-rest", "warning", "this rest is longer than the action is active"),
    Kind("budget-too-small", "error", "a budget of {amount} cannot pay for one contact of {each}"),
    Kind("always-quiet", "error", "quiet hours leave no minute of the day for {what}"),
    # tests
    Kind("missing-expectation", "warning", "the test does not say what it expects"),
    Kind("missing-field", "error", "the test does not say what `{field}` is"),
    # lint: conditions that are decided before anybody is seen
    Kind("never-holds", "hint", "`{condition}` never holds"),
    Kind("always-holds", "hint", "`{condition}` always holds"),
    Kind("always-eligible", "hint", "everybody passes this `{stage}`"),
    Kind("never-excludes", "hint", "this `exclude` stops nobody"),
    Kind("never-eligible", "hint", "nobody can pass the rules of {what}"),
    Kind(
        "contradiction",
        "hint",
        "whoever passes `{passed}` is stopped by `{stopped}`, so {what} is for nobody",
    ),
    Kind("blocking-field", "hint", "whoever has no `{field}` does not pass this `{stage}`{how_many}"),
    # lint: choosing
    Kind("shadowed-line", "hint", "the lines above leave nobody for this line"),
    Kind("always-outranked", "hint", "`{action}` never wins: whoever may get it gets {better} instead"),
    Kind("idle-factor", "hint", "{what} makes no difference: {why}"),
    Kind("sensitive-score", "hint", "the score of {what} depends on `{field}`"),
    # lint: what is missing, and what is not used
    Kind("missing-because", "hint", "this `exclude` does not say why"),
    Kind("missing-consent", "hint", "channel `{channel}` asks nobody for consent"),
    Kind("duplicate-row", "hint", "this row asks for the same as another"),
    Kind("unused-definition", "hint", "nothing uses {what} `{name}`"),
    Kind("unused-parameter", "hint", "nothing reads the parameter `{name}`"),
    Kind("unused-field", "hint", "nothing reads {what} `{name}`"),
    # lint: how it reads
    Kind("look-alike", "hint", "`{name}` looks like `{other}`"),
    Kind("shadows-library", "hint", "`{name}` is also {what}"),
    Kind("thousands-point", "hint", "`{found}` is {value}: a point stands before decimals"),
    # lint: comments that ignore a finding
    Kind("unused-ignore", "hint", "there is no `{rule}` here to ignore"),
    Kind("unknown-ignore", "hint", "{found} is nothing that can be ignored"),
    Kind("ignore-without-reason", "hint", "this comment does not say why `{rule}` is ignored"),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
