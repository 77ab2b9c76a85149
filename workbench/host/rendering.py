"""Write files on the server from the recipe's templates."""

from pathlib import Path
from typing import Any

from . import places
from .pyinfra_typed import files

TEMPLATES = Path(__file__).parent / "templates"


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
