"""What differs between two policies, in meaning: for those who review a change.

Takes two models without errors; gives changes (`change`), part by part: `inputs` (settings, fields, parameters,
definitions, tables), `scopes` (channels, groups, actions and what stands in them), `choices` (priority, arbitration,
chance), `promises` (guarantees and tests). White space, comments, order where it means nothing, and names that are spelled
out otherwise are no difference, and what is called otherwise now is the same (`renames`): `meanings` reads the expressions of both in one pool, and `direction` says which of two
conditions lets fewer people pass. `show` writes changes for people and programs; `revision` reads policies out of git.
"""

from nbadsl.difference.change import Change, Place
from nbadsl.difference.choices import choices
from nbadsl.difference.inputs import definitions, inputs, settings
from nbadsl.difference.meanings import Meanings
from nbadsl.difference.promises import promises
from nbadsl.difference.renames import renamed_fields, with_names
from nbadsl.difference.scopes import renames, scopes
from nbadsl.difference.sides import Sides
from nbadsl.room import room
from nbadsl.semantics.model import Model

__all__ = ["Change", "Place", "differences"]


def differences(old: Model, new: Model) -> tuple[Change, ...]:
    """What differs between two policies without errors: causes first, in the order of the new one."""
    with room():
        fields = renamed_fields(old, new)
        old = with_names(old, fields)
        sides = Sides(old, new, Meanings(old, new), former=fields)
        renames(sides)
        causes = (*settings(sides), *inputs(sides), *definitions(sides))
        return (*causes, *scopes(sides), *choices(sides), *promises(sides))
