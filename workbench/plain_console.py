"""Rich's console, for text that others had a hand in."""

from collections.abc import Iterable
from typing import IO
from typing import Any
from typing import cast

from rich.console import Console
from rich.console import ConsoleOptions
from rich.console import RenderableType
from rich.segment import Segment

from workbench.terminal import escape


class PlainConsole(Console):
    """Rich's console, in which styles are our own only: no text has markup, escapes or links."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"highlight": False, "markup": False, "emoji": False, **options})

    @property
    def file(self) -> IO[str]:
        """The file to write to: what rich makes of a style must not be escaped."""
        found = Console.file.fget(self)  # type: ignore[attr-defined]
        while hasattr(found, "rich_proxied_file"):
            found = found.rich_proxied_file
        return cast("IO[str]", found)

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        Console.file.fset(self, new_file)  # type: ignore[attr-defined]

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Give the segments of what is printed: rich's own control codes, and else text."""
        for text, style, control in super().render(renderable, options):
            if control:
                yield Segment(text, style, control)
            else:
                # While something is redrawn, rich reads what others print, links included.
                plain = style.update_link(None) if style and style.link else style
                yield Segment(escape(text), plain)
