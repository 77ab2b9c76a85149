"""``settings.json`` as a stack has it, and as its configuration would have it."""

import json
from collections.abc import Mapping
from typing import Any

RECIPE_PREFIX = "recipe/"


def settings_document(settings: Mapping[str, Any], recipe_sha256: str) -> str:
    """Return the text of ``settings.json``, which names the recipe."""
    recipe = {"key": f"{RECIPE_PREFIX}{recipe_sha256}.tar.gz", "sha256": recipe_sha256}
    return json.dumps({**settings, "recipe": recipe}, indent=2, sort_keys=True) + "\n"


def configured_document(
    configuration: Mapping[str, str], recipe_sha256: str, *, region: str, volume_id: str
) -> str:
    """Return ``settings.json`` as a program that only reads this configuration makes it.

    Raises ArgumentError for a configuration that such a program refuses.
    """
    import pulumi.runtime

    from workbench.components.configuration import read_configuration
    from workbench.components.configuration import read_name
    from workbench.components.settings import server_settings

    pulumi.runtime.set_all_config(dict(configuration))
    settings = server_settings(read_name(), read_configuration(), region, volume_id)
    return settings_document(settings, recipe_sha256)
