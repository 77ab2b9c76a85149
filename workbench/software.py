"""Refresh the table of what comes from Posit: ``python -m workbench.software``, for maintainers.

It asks Posit which versions there are, downloads what the table has no checksum of (some hundred
MB; with ``--again`` everything, some GB), and writes `workbench/host/software.toml`. Read the
difference before you commit it: a checksum that changed is a package that was built again.
"""

import argparse
import datetime
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path

import httpx

from workbench.host import software

SYSTEMS = ("ubuntu-22.04", "ubuntu-24.04", "debian-12")
ARCHITECTURES = ("amd64", "arm64")
# What is a server's on AWS, where nothing else is said.
DEFAULT = "ubuntu-24.04/amd64"
# The current minor version of R and the four before it are what Posit continues building.
MINOR_VERSIONS = 5
HEADING = """\
# What the server gets from Posit, and the SHA-256 that lets each package in.
# Written by: python -m workbench.software
"""
# The newest stable release, by a redirect to its file.
RSTUDIO_LATEST = (
    "https://rstudio.org/download/latest/stable/server/jammy/rstudio-server-latest-amd64.deb"
)


class RefreshError(Exception):
    """Posit's answer can't be used; the message says why."""


@dataclass(frozen=True)
class Table:
    """What the file holds; ``r`` is SHA-256s by version, and by system and architecture."""

    date: str
    rstudio: str
    rstudio_sha256: dict[str, str] = field(default_factory=dict)
    current_r: str = ""
    snapshots: dict[str, str] = field(default_factory=dict)
    r: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of_the_package(cls) -> "Table":
        """Return the table as it is."""
        architectures = [each for each in ARCHITECTURES if software.rstudio_sha256(each)]
        return cls(
            software.DATE,
            software.RSTUDIO,
            {each: software.rstudio_sha256(each) or "" for each in architectures},
            software.CURRENT_R,
            dict(software.SNAPSHOTS),
            software.r_table(),
        )

    def text(self) -> str:
        """Return the file's text."""
        rows = [HEADING.rstrip(), f'date = "{self.date}"', ""]
        rows += ["# One build is for Ubuntu 22.04, Ubuntu 24.04 and Debian 12.", "[rstudio]"]
        rows += [f'version = "{self.rstudio}"', "", "[rstudio.sha256]"]
        rows += [f'{name} = "{value}"' for name, value in sorted(self.rstudio_sha256.items())]
        rows += ["", "[r]", f'current = "{self.current_r}"', ""]
        rows += [
            "# The day of CRAN's snapshot that fits each minor version: the last one before",
            "# packages began to need the next version.",
            "[r.snapshots]",
            *_quoted(self.snapshots),
        ]
        for version in sorted(self.r, key=software.order):
            rows += ["", f'[r.sha256."{version}"]', *_quoted(self.r[version])]
        return "\n".join([*rows, ""])


def _quoted(values: dict[str, str]) -> list[str]:
    return [f'"{name}" = "{value}"' for name, value in sorted(values.items())]


@dataclass(frozen=True)
class Posit:
    """Where Posit's files are; a test puts a server of its own in its place."""

    client: httpx.Client
    r_builds: str = software.R_BUILDS
    rstudio_latest: str = RSTUDIO_LATEST
    rstudio: dict[str, str] = field(default_factory=lambda: dict(software.RSTUDIO_ADDRESSES))

    def r_versions(self) -> list[str]:
        """Return the newest version of each minor version that Posit continues building."""
        answer = self.client.get(f"{self.r_builds}/versions.json").raise_for_status()
        newest: dict[str, str] = {}
        for version in filter(software.R_VERSION.fullmatch, answer.json()["r_versions"]):
            minor = version.rpartition(".")[0]
            newest[minor] = max(newest.get(minor, version), version, key=software.order)
        if not newest:
            raise RefreshError(f"{self.r_builds}/versions.json names no version of R.")
        return sorted(newest.values(), key=software.order)[-MINOR_VERSIONS:]

    def rstudio_version(self) -> str:
        """Return RStudio Server's newest release."""
        answer = self.client.head(self.rstudio_latest, follow_redirects=True).raise_for_status()
        name = answer.url.path.rpartition("/")[2]
        version = name.removeprefix("rstudio-server-").removesuffix("-amd64.deb")
        if f"rstudio-server-{version}-amd64.deb" != name or "latest" in version:
            raise RefreshError(f"{self.rstudio_latest} points to {name}, which names no version.")
        return version

    def sha256(self, url: str) -> str | None:
        """Download a file and return its SHA-256; None where Posit has none."""
        digest = hashlib.sha256()
        with self.client.stream("GET", url, follow_redirects=True) as answer:
            # What isn't there is refused as forbidden where files can't be listed.
            if answer.status_code in (403, 404):
                return None
            answer.raise_for_status()
            for part in answer.iter_bytes():
                digest.update(part)
        return digest.hexdigest()


def refresh(table: Table, posit: Posit, today: datetime.date, *, again: bool = False) -> Table:
    """Return the table as Posit has it today; ``again`` downloads what it knows, too."""
    versions, rstudio = posit.r_versions(), posit.rstudio_version()
    kept = table.rstudio_sha256 if rstudio == table.rstudio and not again else {}
    found = dict(
        _digests(posit, {a: url.format(version=rstudio) for a, url in posit.rstudio.items()}, kept)
    )
    if "amd64" not in found:
        raise RefreshError(f"Posit has no package of RStudio Server {rstudio} for amd64.")
    r = {}
    for version in versions:
        urls = {
            f"{system}/{architecture}": software.r_url(
                version, system, architecture, posit.r_builds
            )
            for system in SYSTEMS
            for architecture in ARCHITECTURES
        }
        r[version] = dict(_digests(posit, urls, {} if again else table.r.get(version, {})))
    # A version that people have named stays known.
    r = table.r | {version: digests for version, digests in r.items() if digests}
    current = max((each for each in r if DEFAULT in r[each]), key=software.order)
    # The others' days stay: they are from before packages began to need the next version.
    snapshots = table.snapshots | {current.rpartition(".")[0]: today.isoformat()}
    return replace(
        table,
        date=today.isoformat(),
        rstudio=rstudio,
        rstudio_sha256=found,
        current_r=current,
        snapshots=snapshots,
        r=r,
    )


def _digests(
    posit: Posit, urls: dict[str, str], known: dict[str, str]
) -> Iterator[tuple[str, str]]:
    for name, url in urls.items():
        digest = known.get(name) or posit.sha256(url)
        if digest:
            print(f"{digest}  {url}", file=sys.stderr)
            yield name, digest


def main(arguments: list[str] | None = None, posit: Posit | None = None) -> None:
    """Write the table again, or say in one sentence why it stays as it is."""
    parser = argparse.ArgumentParser(prog="python -m workbench.software", description=__doc__)
    parser.add_argument("--again", action="store_true", help="download what the table knows, too")
    parser.add_argument("--table", type=Path, default=software.TABLE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    today = datetime.datetime.now(datetime.UTC).date()
    try:
        with httpx.Client(timeout=60) as client:
            table = refresh(
                Table.of_the_package(), posit or Posit(client), today, again=options.again
            )
    except (httpx.HTTPError, ValueError, KeyError, RefreshError) as error:
        sys.exit(f"The table stays as it is, because Posit can't be asked: {error}")
    options.table.write_text(table.text(), encoding="utf-8")
    print(f"{options.table} is of today: RStudio Server {table.rstudio}, R {table.current_r}.")


if __name__ == "__main__":
    main()
