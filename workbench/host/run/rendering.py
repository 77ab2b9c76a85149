"""Write files on the server from the recipe's templates."""

from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.run.pyinfra_typed import files

TEMPLATES = places.PACKAGE / "templates"


def put_template(
    template: str,
    destination: Path,
    *,
    mode: str = "644",
    templates: Path = TEMPLATES,
    **values: Any,
) -> None:
    """Write a file from a template of the same name; templates see the places, too.

    ``templates`` is the folder they are in; a service that a package adds has its own.
    """
    files.template(
        name=f"Write {destination}",
        src=str(templates / f"{template}.j2"),
        dest=str(destination),
        mode=mode,
        user="root",
        group="root",
        places=places,
        **values,
    )


def render(template: Path, **values: Any) -> str:
    """Return what a template gives, for a part of a file."""
    from jinja2 import Environment
    from jinja2 import StrictUndefined

    text = template.read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined)  # noqa: S701 (of configuration, not HTML)
    return environment.from_string(text).render(**values)
