"""What the words of the language mean, in one sentence each, and how a construct is begun."""

from __future__ import annotations

DECLARATIONS: dict[str, tuple[str, str]] = {
    "policy": (
        "The policy itself: its name and its settings.",
        'policy ${1:name} {\n  title "$2"\n  currency EUR\n}',
    ),
    "import": (
        "Takes in the declarations of another file, or of a module of the standard library.",
        'import "$1"',
    ),
    "profile": (
        "What is known of a person.",
        "profile ${1:customer} key ${2:customer_id} {\n  ${2:customer_id}: text\n  $0\n}",
    ),
    "context": ("What the request brings, which is not in the profile.", "context {\n  $0\n}"),
    "parameter": ("A number to turn, which a run can set.", "parameter ${1:name}: ${2:number} = ${3:1}"),
    "define": ("Gives an expression a name.", "define ${1:name} = $0"),
    "function": (
        "An expression with parameters.",
        "function ${1:name}(${2:x}: ${3:number}): ${4:number} = $0",
    ),
    "table": (
        "A decision table: the first row whose cells hold gives the result.",
        "table ${1:name}(${2:field}): ${3:number} {\n  ${2:field} | result\n  any | $0\n}",
    ),
    "channel": ("A way to reach people.", "channel ${1:name} { $0 }"),
    "group": ("Actions that share rules, a purpose and limits.", "group ${1:name} { $0 }"),
    "action": (
        "Something that can be done for a person.",
        "action ${1:name} {\n  eligible when $2\n  propensity $3\n  value $0\n}",
    ),
    "priority": ("Which actions come first, from the top down.", "priority {\n  $0\n  everything else\n}"),
    "arbitrate": (
        "How candidates compare, and how many are chosen.",
        "arbitrate {\n  score ${1:propensity * value}\n  pick ${2:1}\n}",
    ),
    "holdout": ("People for whom nothing is done, to compare with.", "holdout ${1:name} ${2:5}% by $0"),
    "experiment": (
        "Gives each person one of several arms.",
        "experiment ${1:name} by ${2:customer_id} { control 50%, ${3:test} 50% }",
    ),
    "explore": ("Tries something else with a probability.", "explore ${1:10}%"),
    "guarantee": (
        "A promise about all people, which `nba prove` proves.",
        'guarantee "$1": never ${2:action} when $0',
    ),
    "test": (
        "One person, and what must be decided.",
        'test "$1" {\n  ${2:customer} { $3 }\n  now ${4:2026-11-10 10:00}\n  expect $0\n}',
    ),
    "limit": ("At most so many contacts in a window.", "limit ${1:3} per ${2:customer} per ${3:7 days}"),
    "rest": ("Silence for a person after something has happened.", "rest ${1:30 days} after ${2:accepted}"),
    "budget": ("At most so much money in a window.", "budget ${1:1_000 EUR} per ${2:month}, ${3:5 EUR} each"),
    "quiet": ("Hours in which nothing is sent.", "quiet ${1:21:00} to ${2:08:00}"),
}

# What stands in blocks: of actions, groups, channels, the policy, arbitrate and tests.
ITEMS: dict[str, tuple[str, str]] = {
    "title": ("A name for people.", 'title "$0"'),
    "purpose": ("What it is done for; fields that are `only for` a purpose can be read then.", "purpose $0"),
    "active": ("The days on which it can be chosen.", "active from ${1:2026-01-01} until ${2:2026-12-31}"),
    "require": (
        "Law and contract: must hold for everybody, and cannot be switched off.",
        'require $1 because "$0"',
    ),
    "eligible": ("Relevance: whom it is for.", "eligible when $0"),
    "exclude": ("Suppression: who does not get it.", 'exclude when $1 because "$0"'),
    "via": ("The channels it can go by: one candidate for each.", "via $0"),
    "content": ("A version of it: one candidate for each.", 'content "$0"'),
    "send": ("When it is sent: one candidate for each moment.", "send now, ${1:evening} at ${2:18:00}"),
    "propensity": ("How probable it is that the person accepts.", "propensity $0"),
    "value": ("What it is worth when the person accepts.", "value $0"),
    "cost": ("What a contact costs.", "cost $0"),
    "boost": ("Multiplies the score.", "boost ${1:1.2} when $0"),
    "exempt": ("Limits outside of this block do not count for it.", "exempt from limits"),
    "score": ("What candidates are compared by, the highest first.", "score ${0:propensity * value}"),
    "nothing": ("Below this score nothing is done.", "nothing below ${0:0.50 EUR}"),
    "pick": ("How many are chosen.", "pick ${0:1}"),
    "fallback": ("What is done when nobody passed.", "fallback $0"),
    "owner": ("Who answers for the policy.", 'owner "$0"'),
    "timezone": ("Where days begin and clocks are read.", 'timezone "${0:Europe/Berlin}"'),
    "currency": ("The money of amounts without another one.", "currency ${0:EUR}"),
    "week": ("The day with which a week begins.", "week starts ${0:monday}"),
    "purposes": ("What actions can be for.", "purposes $0"),
    "everything": ("All other actions.", "everything else"),
    "expect": ("What must be decided.", "expect $0"),
    "history": ("What happened before.", "history {\n  $0\n}"),
    "cases": ("A test for each row.", "cases {\n  $0 | expect\n}"),
}

FACTS: dict[str, str] = {
    "now": "The moment of the decision.",
    "today": "The day of the decision, in the policy's time zone.",
    "channel": "The channel of the candidate.",
    "content": "The content of the candidate.",
    "slot": "The moment of sending of the candidate.",
    "propensity": "How probable it is that the person accepts, as the action says.",
    "value": "What the action is worth, as the action says.",
    "boost": "All boosts that hold, multiplied.",
    "cost": "What the contact costs.",
}

TYPES: dict[str, str] = {
    "flag": "Yes or no.",
    "integer": "A whole number, exact within ±2^53.",
    "number": "A number.",
    "probability": "A number from 0 to 1.",
    "money": "An amount in a currency, the policy's unless another is named.",
    "duration": "A length of time.",
    "date": "A day of the calendar.",
    "time": "A moment.",
    "clock": "A time of day.",
    "text": "Unicode text.",
}


def meaning(word: str) -> str:
    """What a keyword means, or ""."""
    found = DECLARATIONS.get(word) or ITEMS.get(word)
    return found[0] if found is not None else FACTS.get(word) or TYPES.get(word) or ""
