"""Where apt gets packages from: a mirror and a proxy, where the settings name them.

Written before apt runs for the first time, so it needs the standard library only. What is here is
for root's apt, people's ``sudo apt`` and the distribution's own timers: none of them has the
recipe's environment.
"""

import platform
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from workbench.host.network_settings import NetworkSettings
from workbench.host.system import apt

ETC = Path("/etc/apt")
SOURCES = Path("sources.list.d/workbench.sources")
PROXY = Path("apt.conf.d/91workbench-proxy")
# The distribution's own: who builds images may put something before the name (mmdebstrap: 0000).
DISTRIBUTIONS = ("sources.list", "sources.list.d/*debian.sources", "sources.list.d/*ubuntu.sources")
# apt passes over a file with this ending.
ASIDE = ".disabled"
WRITTEN = "Written by the workbench's recipe."
COMPONENTS = {"debian": "main", "ubuntu": "main restricted universe multiverse"}


def ensure_sources(network: NetworkSettings, etc: Path = ETC) -> bool:
    """Make apt use the settings' mirror and proxy; say whether that changed it.

    The distribution's own sources are put aside while there is a mirror, and come back after it.
    """
    if are_as_wanted(network, etc):
        return False
    for path, text in _wanted(network, etc).items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for used in _distributions(etc) if network.apt else ():
        used.replace(used.with_name(f"{used.name}{ASIDE}"))
    for aside in () if network.apt else _distributions(etc, ASIDE):
        if not (used := aside.with_name(aside.name.removesuffix(ASIDE))).exists():
            aside.rename(used)
    # The lists of before are another archive's.
    apt.UPDATED.unlink(missing_ok=True)
    return True


def are_as_wanted(network: NetworkSettings, etc: Path = ETC) -> bool:
    """Say whether apt uses exactly the settings' mirror and proxy."""
    files = _wanted(network, etc).items()
    others = network.apt and _distributions(etc)
    return not others and all(_read(path) == text for path, text in files)


def sources(network: NetworkSettings, release: Mapping[str, str]) -> str:
    """Return the sources of a distribution's release, in apt's deb822 form."""
    system, codename = release["ID"], release["VERSION_CODENAME"]
    archive = (network.apt or "").rstrip("/")
    # Ubuntu's archive has its security updates, too; Debian's has another one for them.
    security = network.apt_security or (archive if system == "ubuntu" else f"{archive}-security")
    signed_by = f"/usr/share/keyrings/{system}-archive-keyring.gpg"
    entries = [
        f"Types: deb\nURIs: {address}\nSuites: {suites}\nComponents: {COMPONENTS[system]}\n"
        f"Signed-By: {signed_by}\n"
        for address, suites in (
            (archive, f"{codename} {codename}-updates"),
            (security.rstrip("/"), f"{codename}-security"),
        )
    ]
    return "\n".join([f"# {WRITTEN}\n# workbench:aptMirror says where.", *entries])


def proxy(network: NetworkSettings) -> str:
    """Return apt's settings for a proxy; hosts that it isn't asked for are named one by one."""
    mirrors = (network.apt, network.apt_security)
    hosts = {urlsplit(each).hostname or "" for each in mirrors if each}
    direct = {host for host in hosts if network.is_direct(host)}
    # apt knows no domains here, and no ranges of addresses.
    direct |= {each for each in network.no_proxy if not set(each) & set("/:") and each[0] != "."}
    lines = [f"// {WRITTEN}"]
    for kind in ("http", "https"):
        lines.append(f'Acquire::{kind}::Proxy "{network.http_proxy}";')
        lines += [f'Acquire::{kind}::Proxy::{host} "DIRECT";' for host in sorted(direct)]
    return "\n".join([*lines, ""])


def _distributions(etc: Path, ending: str = "") -> list[Path]:
    return [path for name in DISTRIBUTIONS for path in sorted(etc.glob(f"{name}{ending}"))]


def _wanted(network: NetworkSettings, etc: Path) -> dict[Path, str | None]:
    """Return the text of each file, or None where there is to be none."""
    release = platform.freedesktop_os_release()
    return {
        etc / SOURCES: sources(network, release) if network.apt else None,
        etc / PROXY: proxy(network) if network.http_proxy else None,
    }


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
