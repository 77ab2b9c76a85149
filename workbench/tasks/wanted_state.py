"""What the stack should have by now: the newest recipe, and the configuration's settings."""

import hashlib
import json
from dataclasses import dataclass

from workbench.host.pack import PackedRecipe
from workbench.host.pack import pack_recipe
from workbench.tasks.stack_state import StackState


@dataclass(frozen=True)
class Wanted:
    """The recipe of this program, and ``settings.json`` as the configuration has it.

    ``settings`` is None where the configuration alone doesn't say: a program that sets
    arguments by itself.
    """

    recipe: PackedRecipe
    settings: str | None

    @property
    def settings_sha256(self) -> str | None:
        """The SHA-256 of ``settings.json``."""
        text = self.settings
        return None if text is None else hashlib.sha256(text.encode()).hexdigest()

    def is_in(self, state: StackState) -> bool:
        """Return whether the stack's outputs say that it has exactly these."""
        has = (state.outputs.get("recipe_sha256"), state.outputs.get("settings_sha256"))
        return has == (self.recipe.sha256, self.settings_sha256)


def read_wanted(state: StackState) -> Wanted:
    """Return what the stack should have."""
    recipe = pack_recipe()
    return Wanted(recipe, _configured(state, recipe.sha256))


def _configured(state: StackState, recipe_sha256: str) -> str | None:
    from workbench.components.errors import ArgumentError
    from workbench.components.settings_document import configured_document

    outputs = state.outputs
    try:
        return configured_document(
            state.config,
            recipe_sha256,
            region=str(outputs.get("region")),
            volume_id=str(outputs.get("data_volume_id")),
        )
    except (ArgumentError, KeyError, json.JSONDecodeError):
        # Not this project's kind of configuration, or one the program will refuse in its words.
        return None
