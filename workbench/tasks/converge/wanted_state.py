"""What the stack should have by now: the newest recipe, and the configuration's settings."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from workbench.configured import SERVICES
from workbench.configured import Configured
from workbench.errors import ConfigError
from workbench.host.pack import PackedRecipe
from workbench.host.pack import pack_recipe
from workbench.host.service_table import ServicesError
from workbench.remote.stack_state import StackState
from workbench.writing import put_file

# The code that makes settings from a configuration, and the file that keeps what it made.
COMPONENTS = Path(__file__).parents[2] / "components"
REMEMBERED = "settings-made.json"


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
    """Return what the workbench should have."""
    recipe = _packed(state)
    # Of several workbenches, the stack's configuration can be none's alone.
    return Wanted(recipe, None if state.others else _configured(state, recipe.sha256))


def _packed(state: StackState) -> PackedRecipe:
    configured = Configured(state.config)
    # A program that names them itself has told them with its outputs.
    told = state.outputs.get("services")
    names = configured.services if configured.has("services") and not state.others else told
    try:
        return pack_recipe(services=names)
    except ServicesError as error:
        raise ConfigError(f"{SERVICES}: {error.message}", error.hint) from error


def _configured(state: StackState, recipe_sha256: str) -> str | None:
    """Return ``settings.json``, from the last time where nothing that makes it has changed.

    Importing Pulumi for it takes longer than all else that a converge without changes does.
    """
    code = [f"{path.name} {_stamp(path)}" for path in sorted(COMPONENTS.glob("*.py"))]
    outputs = [str(state.outputs.get(name)) for name in ("region", "data_volume_id")]
    made_of = json.dumps([sorted(state.config.items()), outputs, recipe_sha256, code])
    key = hashlib.sha256(made_of.encode()).hexdigest()
    remembered = state.folder / REMEMBERED
    try:
        last = json.loads(remembered.read_text(encoding="utf-8"))
        if last["key"] == key:
            return str(last["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        # None yet, or not to be read: it is made again.
        pass
    settings = _make_settings(state, recipe_sha256)
    if settings is not None:
        put_file(remembered, json.dumps({"key": key, "settings": settings}))
    return settings


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{status.st_mtime_ns} {status.st_size}"


def _make_settings(state: StackState, recipe_sha256: str) -> str | None:
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
