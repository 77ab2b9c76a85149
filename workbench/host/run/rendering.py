"""Write files on the server from the recipe's templates."""

from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.run.pyinfra_typed import files

TEMPLATES = places.PACKAGE / "templates"


def put_template(template: str, destination: Path, *, mode: str = "644", **values: Any) -> None:
    """Write a file from a template of the same name; templates see the places, too."""
    files.template(
        name=f"Write {destination}",
        src=str(TEMPLATES / f"{template}.j2"),
        dest=str(destination),
        mode=mode,
        user="root",
        group="root",
        places=places,
        **values,
    )
