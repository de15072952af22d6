"""Settings of a project: `nba.toml`, or `[tool.nbadsl]` in pyproject.toml.

The nearest file at or above the working folder counts. Paths in it are relative to it. A key that is not
known is an error, so that a misspelt one is not silently without effect.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbadsl.settings import BadSettings, find

if TYPE_CHECKING:
    from pydantic import BaseModel

KEYS = (
    "policy",
    "profiles",
    "out",
    "rejects",
    "sample",
    "history",
    "seed",
    "threads",
    "strict",
    "format",
    "lint",
)
KEYS_OF = {"format": ("width",), "lint": ("ignore", "sensitive", "consent")}


def settings_model() -> type[BaseModel]:
    """The pydantic model of the settings (imported late: most commands have no settings file)."""
    from pydantic import BaseModel, ConfigDict, Field

    class Layout(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

        width: int | None = Field(None, ge=20, description="columns of a line")

    class Lint(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

        ignore: list[str] = Field([], description="kinds of findings that `nba lint` does not show")
        sensitive: list[str] = Field([], description="words in names of fields that no score should read")
        consent: list[str] = Field([], description="words in names of channels that need consent")

    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

        policy: str | None = Field(None, description="the policy, when a command names none")
        profiles: str | None = Field(None, description="where `nba run` reads profiles")
        out: str | None = Field(None, description="where `nba run` writes decisions")
        rejects: str | None = Field(None, description="where `nba run` writes rejected rows")
        sample: str | None = Field(None, description="a file of profiles that editors show match rates for")
        history: str | None = Field(None, description="where decisions are kept, for limits to count")
        seed: int = Field(0, description="of chance")
        threads: int | None = Field(None, ge=1, description="of the engine; all cores when not given")
        strict: bool = Field(False, description="a rejected row is an error")
        format: Layout | None = Field(None, description="of `nba fmt`")
        lint: Lint | None = Field(None, description="what the linter should know")

    return Settings


def load(start: Path | None = None) -> dict[str, Any]:
    """The settings that hold in a folder, with paths as seen from there. Raises click.UsageError naming what is wrong."""
    try:
        found = find((start or Path.cwd()).resolve())
    except BadSettings as error:
        raise click.UsageError(str(error)) from error
    if found is None:
        return {}
    path, raw = found
    from pydantic import ValidationError

    try:
        settings = settings_model().model_validate(raw).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise click.UsageError("\n".join(_problem(path, dict(e)) for e in error.errors())) from error
    for key in ("policy", "profiles", "out", "rejects", "sample"):
        if key in settings and settings[key] is not None:
            settings[key] = _seen_from_here(path.parent / settings[key])
    if "://" not in (settings.get("history") or "://"):
        settings["history"] = _seen_from_here(path.parent / settings["history"])
    return settings


def _seen_from_here(path: Path) -> str:
    """A path as somebody here would write it, since messages show it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _problem(path: Path, error: dict[str, Any]) -> str:
    from nbadsl.diagnostics.suggest import did_you_mean

    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        table = str(error["loc"][0])
        help = did_you_mean(key, [f"{table}.{each}" for each in KEYS_OF[table]] if "." in key else KEYS)
        return f"{path.name}: there is no setting `{key}`{'; ' + help if help else ''}"
    return f"{path.name}: `{key}`: {error['msg'].lower()}"
