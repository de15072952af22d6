"""Pages for people: a template and values give one HTML file that needs nothing from elsewhere.

Takes: the name of a template, as a path in the package (`testing/coverage.html`), and what it shows. Gives: the page.
Idea: every page extends `page/page.html` and takes tables, facts and marks from `page/parts.html`, so that all look alike:
readable on a phone and on paper, light and dark, by the keyboard, without a script. Whatever comes from a policy or from
data is escaped, and the page's content security policy forbids scripts and requests.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbadsl.page.words import change, count, number, percent, share

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """The text of a page, which ends with a line end."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"number": number, "percent": percent, "share": share, "change": change, "count": count}
    return made
