"""The parts of SARIF 2.1.0 (OASIS standard, 2020) that the reports use, as a JSON Schema.

Property names, types, required properties and closed vocabularies are the standard's; properties that the
reports do not use are left out, and no others are allowed, so that a misspelt one is noticed.
"""

from typing import Any

Schema = dict[str, Any]


def record(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def listing(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


TEXT: Schema = {"type": "string"}
POSITIVE: Schema = {"type": "integer", "minimum": 1}
INDEX: Schema = {"type": "integer", "minimum": 0}
LEVEL: Schema = {"enum": ["none", "note", "warning", "error"]}

MESSAGE = record(("text",), text=TEXT)
MULTIFORMAT_MESSAGE = record(("text",), text=TEXT, markdown=TEXT)
ARTIFACT_LOCATION = record(uri={"type": "string", "format": "uri-reference"}, uriBaseId=TEXT)
REGION = record(startLine=POSITIVE, startColumn=POSITIVE, endLine=POSITIVE, endColumn=POSITIVE)
PHYSICAL_LOCATION = record(("artifactLocation",), artifactLocation=ARTIFACT_LOCATION, region=REGION)
LOCATION = record(id=INDEX, physicalLocation=PHYSICAL_LOCATION, message=MESSAGE)
REPLACEMENT = record(("deletedRegion",), deletedRegion=REGION, insertedContent=record(text=TEXT))
ARTIFACT_CHANGE = record(
    ("artifactLocation", "replacements"),
    artifactLocation=ARTIFACT_LOCATION,
    replacements=listing(REPLACEMENT, minItems=1),
)
FIX = record(("artifactChanges",), description=MESSAGE, artifactChanges=listing(ARTIFACT_CHANGE, minItems=1))
RESULT = record(
    ("message",),
    ruleId=TEXT,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    locations=listing(LOCATION),
    relatedLocations=listing(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    fixes=listing(FIX),
)
RULE = record(
    ("id",),
    id=TEXT,
    shortDescription=MULTIFORMAT_MESSAGE,
    fullDescription=MULTIFORMAT_MESSAGE,
    help=MULTIFORMAT_MESSAGE,
    defaultConfiguration=record(level=LEVEL),
)
DRIVER = record(("name",), name=TEXT, version=TEXT, rules=listing(RULE, uniqueItems=True))
RUN = record(
    ("tool",),
    tool=record(("driver",), driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=listing(RESULT),
)
LOG = record(("version", "runs"), **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": listing(RUN)})
