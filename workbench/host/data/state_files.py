"""The files that services keep their state in: whether they can be read, before they start.

Run on its own before each start of a service (``python3 -m workbench.host.data.state_files
caddy``), so it uses the standard library only. What is damaged is set aside, and the service makes
another.
"""

import base64
import json
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from workbench.host import places
from workbench.host.data.set_aside import set_aside

HUB_DATABASE = places.HUB_STATE / "jupyterhub.sqlite"
COOKIE_SECRET = places.HUB_STATE / "jupyterhub_cookie_secret"
COOKIE_SECRET_BYTES = 32
RSTUDIO_STATE = Path("/var/lib/rstudio-server")
# SQLite's files alongside a database, of which each is nothing without the other.
BESIDE = ("-wal", "-shm", "-journal")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# Of a damaged header, for which SQLite has no code of its own.
_DAMAGED_WORDS = {"unsupported file format"}

Finding = tuple[Path, str]


def database_problem(path: Path, *, whole: bool = True) -> str:
    """Return why a database can't be read; empty where it can, or isn't there.

    ``whole``: read all of it, which takes longer the more there is; else its first page only.
    """
    if not path.is_file():
        return ""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            question = "PRAGMA quick_check" if whole else "SELECT 'ok' FROM sqlite_schema"
            (found,) = database.execute(question).fetchone() or ("ok",)
    except sqlite3.DatabaseError as error:
        # A full disk or a missing right is no damage.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        is_damaged = code in _DAMAGED or str(error) in _DAMAGED_WORDS
        return str(error) if is_damaged else ""
    return "" if found == "ok" else str(found).splitlines()[0]


def hub_findings(*, whole: bool = True) -> Iterator[Finding]:
    """Give what is damaged of the hub's; without its secret everyone signs in again."""
    yield from _database(HUB_DATABASE, whole=whole)
    if COOKIE_SECRET.is_file():
        try:
            size = len(bytes.fromhex(COOKIE_SECRET.read_text().strip()))
        except ValueError:
            size = 0
        if size < COOKIE_SECRET_BYTES:
            yield COOKIE_SECRET, "no secret in hexadecimal digits"


def rstudio_findings() -> Iterator[Finding]:
    """Give what is damaged of RStudio Server's own database."""
    for path in sorted(RSTUDIO_STATE.glob("*.sqlite")):
        yield from _database(path)


def caddy_findings() -> Iterator[Finding]:
    """Give the certificates and accounts of Caddy's that it can't load: it gets others."""
    for path in sorted(places.CADDY_STORAGE.glob("certificates/*/*/*.crt")):
        if why := _pair_problem(path):
            yield path.parent, why
    for path in sorted(places.CADDY_STORAGE.glob("acme/*/users/*/*")):
        if path.parent.is_dir() and (why := _account_problem(path)):
            yield path.parent, why


FINDINGS = {"jupyterhub": hub_findings, "rstudio": rstudio_findings, "caddy": caddy_findings}


def fix(service: str) -> None:
    """Set aside what the service couldn't read."""
    for path, why in FINDINGS[service]():
        if path.exists():
            set_aside(path, why)


def _database(path: Path, *, whole: bool = True) -> Iterator[Finding]:
    if why := database_problem(path, whole=whole):
        yield path, why
        for suffix in BESIDE:
            if (alongside := Path(f"{path}{suffix}")).exists():
                yield alongside, "of that database"


def _pair_problem(certificate: Path) -> str:
    metadata = certificate.with_suffix(".json")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        json.loads(metadata.read_text())
    except (ssl.SSLError, ValueError):
        return "certificate or key can't be read"
    except OSError as error:
        return f"{Path(str(error.filename or certificate)).name}: {error.strerror}"
    return ""


def _account_problem(path: Path) -> str:
    try:
        text = path.read_text()
        if path.suffix == ".json":
            json.loads(text)
        elif path.suffix == ".key" and not _is_pem(text):
            return "the account's key can't be read"
    except ValueError:
        return "the account's file can't be read"
    return ""


def _is_pem(text: str) -> bool:
    lines = text.strip().splitlines()
    if len(lines) < 3 or not lines[0].startswith("-----BEGIN ") or "-----END " not in lines[-1]:
        return False
    base64.b64decode("".join(lines[1:-1]), validate=True)
    return True


if __name__ == "__main__":
    fix(sys.argv[1])
