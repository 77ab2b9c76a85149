"""Where this computer gets Debian packages from, for the machine image to get them there too.

Company networks have mirrors, and nothing here should name one: what apt on this computer uses
works on this computer.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

# Names of Debian's releases that a source may give besides the code name.
_ALIASES = {"stable", "oldstable", "oldoldstable", "testing", "sid", "unstable"}
_SUITE = re.compile(r"(?P<release>[a-z]+)(?P<part>-updates|-security|-backports|/updates)?")
# apt's own settings that a machine on this network needs as well: proxies, old mirrors' dates.
_NETWORK_SETTING = re.compile(r"Acquire::(https?::|Check-|Retries|ForceIPv)")


@dataclass(frozen=True)
class Source:
    """One entry of apt's source lists."""

    types: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    enabled: bool = True

    def text(self) -> str:
        """Return the entry in apt's deb822 form."""
        lines = [
            f"Types: {self.types}",
            f"URIs: {' '.join(self.uris)}",
            f"Suites: {' '.join(self.suites)}",
            f"Components: {' '.join(self.components)}",
        ]
        if self.signed_by:
            # A key within the source begins on a line of its own.
            space = "" if self.signed_by.startswith("\n") else " "
            lines.append(f"Signed-By:{space}{self.signed_by}")
        return "\n".join(lines) + "\n"


def debian_sources(release: str, root: Path = Path("/")) -> str:
    """Return this computer's Debian sources as deb822 text, for Debian ``release``.

    A source of another release (the host's own) is used for ``release``. Empty when this computer
    has none: it isn't Debian.
    """
    found = [_for_release(source, release, root) for source in read_sources(root / "etc/apt")]
    texts = dict.fromkeys(source.text() for source in found if source is not None)
    return "\n".join(texts)


def network_settings() -> str:
    """Return the settings of apt on this computer that reaching its sources takes."""
    try:
        dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return "".join(f"{line}\n" for line in dump.stdout.splitlines() if _NETWORK_SETTING.match(line))


def read_sources(etc_apt: Path) -> list[Source]:
    """Return the entries of apt's source lists below ``etc_apt``, of both forms."""
    parts = sorted((etc_apt / "sources.list.d").glob("*"))
    sources: list[Source] = []
    for path in (etc_apt / "sources.list", *parts):
        if path.suffix == ".sources" and path.is_file():
            sources += _deb822(path.read_text(encoding="utf-8", errors="replace"))
        elif path.suffix == ".list" and path.is_file():
            sources += _one_line(path.read_text(encoding="utf-8", errors="replace"))
    return sources


def _deb822(text: str) -> Iterator[Source]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        values = {
            key.lower(): value
            for key, value in re.findall(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.M)
        }
        if "uris" in values:
            yield Source(
                values.get("types", "deb").strip(),
                tuple(values["uris"].split()),
                tuple(values.get("suites", "").split()),
                tuple(values.get("components", "").split()),
                values.get("signed-by", "").rstrip(),
                values.get("enabled", "yes").strip().lower() not in {"no", "false", "0"},
            )


def _one_line(text: str) -> Iterator[Source]:
    pattern = re.compile(r"\s*(deb)\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)((?:\s+[^#\s]+)*)")
    for line in text.splitlines():
        match = pattern.match(line)
        if match:
            kind, options, uri, suite, components = match.groups()
            signed = re.search(r"signed-by=(\S+)", options or "")
            yield Source(
                kind, (uri,), (suite,), tuple(components.split()), signed[1] if signed else ""
            )


def _for_release(source: Source, release: str, root: Path) -> Source | None:
    """Return Debian's part of a source, pointed at ``release``; None if it isn't Debian's."""
    # Others name their suites after Debian's releases too; they have keys of their own.
    foreign = source.signed_by and "debian-archive" not in source.signed_by
    if foreign or not source.enabled or "deb" not in source.types.split():
        return None
    suites = dict.fromkeys(filter(None, (_suite(name, release, root) for name in source.suites)))
    uris = tuple(_plain_uri(uri, root) for uri in source.uris)
    if not suites or "main" not in source.components or not all(uris):
        return None
    return replace(source, types="deb", uris=uris, suites=tuple(suites), components=("main",))


def _suite(name: str, release: str, root: Path) -> str | None:
    match = _SUITE.fullmatch(name)
    if not match or match["release"] not in _ALIASES | {_codename(root), release}:
        return None
    part = "-security" if match["part"] == "/updates" else match["part"] or ""
    return None if part == "-backports" else release + part


def _codename(root: Path) -> str:
    """Return the code name of this computer's Debian; empty on another system."""
    try:
        text = (root / "etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    plain = {key: value.strip('"') for key, value in values.items()}
    return plain.get("VERSION_CODENAME", "") if plain.get("ID") == "debian" else ""


def _plain_uri(uri: str, root: Path) -> str:
    """Return the address behind ``mirror+file:``, as Debian's own cloud images have it."""
    if not uri.startswith("mirror+file:"):
        return uri
    path = root / uri.removeprefix("mirror+file:").lstrip("/")
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    return next((line.split()[0] for line in lines if line.strip() and line[0] != "#"), "")
