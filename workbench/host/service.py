"""What a service is: one definition, from which everything that knows of it follows.

It is read on the server and on a person's computer, so nothing here needs pyinfra.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from workbench.host.run.pyinfra_typed import Step
from workbench.host.settings import Settings
from workbench.host.system.debs import Deb


class Stage(IntEnum):
    """When a service's turn comes; only those of ``SERVICE`` can be turned on and off."""

    SERVICE = 0
    # After all that it points to.
    WEB = 1
    # Before people's things, and on a standby server, too: how administrators get in.
    ACCESS = 2


@dataclass(frozen=True)
class Probe:
    """An HTTP request that a service answers when it is ready: a port of 127.0.0.1, or a socket."""

    where: int | Path
    page: str


@dataclass(frozen=True)
class Card:
    """A card on the landing page; the colors are for a light and for a dark page."""

    text: str
    light: str = "#0f766e"
    dark: str = "#5eead4"
    # In place of the text where the version ends in ``+standin``.
    standin: str = ""


@dataclass(frozen=True)
class Work:
    """What a service's processes are called where it is told who works on the server.

    A process is of the kind when it fits everything that is given: its name, a regular expression
    its command line has, the kind in whose unit it runs, the kind whose direct child it is.
    """

    kind: str
    word: str
    process: str = ""
    line: str = ""
    inside: str = ""
    child_of: str = ""
    # What it is called in brackets, by what its command line has; the process's name is ``{}``.
    names: tuple[tuple[str, str], ...] = ()
    # Whether ending it could lose something.
    is_work: bool = True


@dataclass(frozen=True)
class Service:
    """One service of the server, and the steps of the recipe that make it.

    ``port`` is at 127.0.0.1 and below 1024, where people can't stand in for it; in its place it may
    have ``sockets``. ``path`` is where people find it, with a slash at both ends.
    """

    name: str
    title: str
    unit: str
    # What its log is about.
    about: str
    version: Callable[[], str]
    # Configures and starts it.
    start: Step
    # Installs what it needs; on a standby server, too. ``begin`` is what of it can begin early.
    prepare: Step | None = None
    begin: Step | None = None
    stage: Stage = Stage.SERVICE
    # Whether a workbench has it whose configuration names no services.
    is_default: bool = False
    port: int | None = None
    sockets: tuple[Path, ...] = ()
    path: str | None = None
    probe: Probe | None = None
    card: Card | None = None
    # The template of its part of the web server's configuration, and what the template needs.
    routes: Path | None = None
    values: Callable[[Settings], dict[str, Any]] = lambda settings: {}
    # The distribution's packages that it needs; a package of its own, and where that comes from.
    apt: tuple[str, ...] = ()
    package: str = ""
    deb: Callable[[Settings], Deb] | None = None
    # Which sessions end when its unit is restarted, and how its people's work is recognized.
    ends: str = ""
    work: tuple[Work, ...] = ()
    # System accounts, whose names people can't have.
    accounts: tuple[str, ...] = ()
    # Ports that must be closed to the outside besides its own.
    closed_ports: tuple[int, ...] = ()
    # Further names that people may type, and further units that write its log.
    aliases: tuple[str, ...] = ()
    log_units: tuple[str, ...] = ()
    # Other services that it can't be without.
    needs: tuple[str, ...] = ()
    # Whether it starts R, and so comes after R's versions.
    needs_r: bool = False
    # Whether it keeps state of its own on the data volume.
    keeps_state: bool = False
    # Whether it has a host name of its own where people have theirs.
    has_own_host: bool = False
    # Whether it has one for each person then.
    has_host_per_person: bool = False
    # Where its sign-in form is sent to, where the hub looks at it first.
    form: str = ""
    # Where the web server asks who opens a page of the stack's own: a socket, and the page there.
    gate: tuple[Path, str] | None = None
    # Where people change their password.
    password_page: str = ""
    # What is removed with it: units to stop, files and folders. Its data isn't among them.
    stops: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    # Where a web server of before has it.
    former: str = ""

    @property
    def word(self) -> str:
        """Its path without slashes: what ``workbench open`` takes; else its name."""
        return self.path.strip("/") if self.path else self.name

    @property
    def url(self) -> str:
        """The name of the stack's output that says where people find it."""
        return f"{self.word}_url"

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that people may call it."""
        return tuple(dict.fromkeys([self.name, self.word, *self.aliases]))

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that only the server itself may reach."""
        own = [self.port] if self.port and self.stage is Stage.SERVICE else []
        return (*own, *self.closed_ports)

    @property
    def upstream(self) -> str:
        """Where the web server finds it, as the web server writes it."""
        return f"127.0.0.1:{self.port}" if self.port else f"unix/{self.sockets[0]}"

    def as_record(self, version: str) -> dict[str, Any]:
        """Return what services.json says of it: all that telling, checking and removing need."""
        return {
            "name": self.name,
            "title": self.title,
            "version": version,
            "unit": self.unit,
            "port": self.port,
            "sockets": [str(each) for each in self.sockets],
            "path": self.path,
            "page": self.probe.page if self.probe else None,
            "about": self.about,
            "ends": self.ends,
            "apt": list(self.apt),
            "package": self.package,
            "accounts": list(self.accounts),
            "stops": list(self.stops),
            "files": [str(each) for each in self.files],
        }
