"""Words in names that mean something to the linter. `[lint]` in nba.toml replaces both lists."""

from __future__ import annotations

SENSITIVE = (
    # Special categories of personal data: GDPR article 9; criminal convictions: article 10.
    "race",
    "racial",
    "ethnic",
    "ethnicity",
    "political",
    "politics",
    "party",
    "religion",
    "religious",
    "belief",
    "faith",
    "union",
    "genetic",
    "biometric",
    "health",
    "diagnosis",
    "disease",
    "illness",
    "medication",
    "sexual",
    "orientation",
    "criminal",
    "conviction",
    # Grounds on which nobody may be treated worse: Charter of Fundamental Rights of the EU, article 21.
    "gender",
    "sex",
    "disability",
    "disabled",
    "pregnant",
    "pregnancy",
    "nationality",
    "citizenship",
    "birthplace",
)
"""Age is not among them: most policies must ask for it. A project whose scores must not read it adds it."""

CONSENT = (
    # Marketing by these needs consent beforehand: Directive 2002/58/EC (ePrivacy), article 13 (1).
    "email",
    "mail",
    "newsletter",
    "sms",
    "mms",
    "rcs",
    "push",
    "whatsapp",
    "messenger",
    "fax",
)
"""Calls by people are not among them, for which each country has its own law, nor is post, nor a channel on which people
come by themselves."""


def words_of(name: str) -> frozenset[str]:
    """The words of a name: `Consent_E_Mail` has `consent`, `e`, `mail`."""
    return frozenset(name.casefold().split("_"))
