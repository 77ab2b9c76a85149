"""The command that writes the table again, against a web server that plays Posit's."""

import datetime
import hashlib
import http.server
import json
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from workbench import software
from workbench.host.software import TABLE
from workbench.software import MINOR_VERSIONS
from workbench.software import Posit
from workbench.software import Table
from workbench.software import refresh

TODAY = datetime.date(2027, 5, 4)


class Files(http.server.BaseHTTPRequestHandler):
    """Posit's files, and redirects; what it was asked for."""

    files: ClassVar[dict[str, bytes]]
    redirects: ClassVar[dict[str, str]]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path in self.redirects:
            self.send_response(302)
            self.send_header("Location", self.redirects[self.path])
            self.send_header("Content-Length", "0")
            return self.end_headers()
        content = self.files.get(self.path)
        self.send_response(403 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content or b"")
        return None

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served() -> Iterator[type[Files]]:
    class Served(Files):
        asked: ClassVar = []
        redirects: ClassVar = {"/latest": "/jammy/rstudio-server-2027.01.0-5-amd64.deb"}
        files: ClassVar = {
            "/r/versions.json": json.dumps(
                {"r_versions": ["devel", "next", "4.10.0", "4.9.1", "4.9.0", "4.8.0", "4.7.2"]}
            ).encode(),
            "/r/ubuntu-2404/pkgs/r-4.10.0_1_amd64.deb": b"noble",
            "/r/ubuntu-2404/pkgs/r-4.10.0_1_arm64.deb": b"noble arm",
            "/r/debian-12/pkgs/r-4.9.1_1_amd64.deb": b"bookworm",
            "/jammy/rstudio-server-2027.01.0-5-amd64.deb": b"rstudio",
        }

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served)
    Served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield Served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def posit(served) -> Iterator[Posit]:
    addresses = {
        each: f"{served.address}/jammy/rstudio-server-{{version}}-{each}.deb"
        for each in ("amd64", "arm64")
    }
    with httpx.Client() as client:
        yield Posit(client, f"{served.address}/r", f"{served.address}/latest", addresses)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


OLD = Table(
    "2026-11-30",
    "2026.07.0-139",
    {"amd64": "old"},
    "4.9.1",
    {"4.8": "2025-01-01", "4.9": "2026-01-01"},
)


def test_the_table_in_the_package_is_what_the_command_would_write() -> None:
    assert Table.of_the_package().text() == TABLE.read_text()


def test_the_newest_versions_come_with_the_checksums_of_what_posit_has(posit: Posit) -> None:
    table = refresh(OLD, posit, TODAY)

    assert (table.rstudio, table.rstudio_sha256) == ("2027.01.0-5", {"amd64": sha256(b"rstudio")})
    assert table.current_r == "4.10.0"
    assert table.r == {
        # People may have named it.
        **OLD.r,
        "4.9.1": {"debian-12/amd64": sha256(b"bookworm")},
        "4.10.0": {
            "ubuntu-24.04/amd64": sha256(b"noble"),
            "ubuntu-24.04/arm64": sha256(b"noble arm"),
        },
    }
    assert table.date == "2027-05-04"
    # Only the current version's snapshot moves on.
    assert table.snapshots == OLD.snapshots | {"4.10": "2027-05-04"}
    read = tomllib.loads(table.text())
    assert read["r"]["sha256"] == table.r
    assert read["rstudio"]["version"] == table.rstudio


def test_what_the_table_knows_is_downloaded_again_only_when_asked(posit: Posit, served) -> None:
    table = refresh(OLD, posit, TODAY)
    served.files["/r/debian-12/pkgs/r-4.9.1_1_amd64.deb"] = b"built again"
    served.asked.clear()

    assert refresh(table, posit, TODAY) == table
    assert "/r/debian-12/pkgs/r-4.9.1_1_amd64.deb" not in served.asked
    again = refresh(table, posit, TODAY, again=True)
    assert again.r["4.9.1"] == {"debian-12/amd64": sha256(b"built again")}


def test_only_the_minor_versions_that_posit_builds_are_asked_for(posit: Posit, served) -> None:
    many = [f"4.{minor}.0" for minor in range(20)]
    served.files["/r/versions.json"] = json.dumps({"r_versions": many}).encode()

    assert posit.r_versions() == many[-MINOR_VERSIONS:]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/r/versions.json", None),
        ("/r/versions.json", b"<html>"),
        ("/r/versions.json", b'{"r_versions": []}'),
        ("/r/versions.json", b"{}"),
        ("/jammy/rstudio-server-2027.01.0-5-amd64.deb", None),
    ],
)
def test_an_answer_that_cannot_be_used_leaves_the_table_as_it_is(
    posit: Posit, served, tmp_path: Path, path: str, content: bytes | None
) -> None:
    served.files.pop(path)
    if content is not None:
        served.files[path] = content
    written = tmp_path / "software.toml"

    with pytest.raises(SystemExit, match="The table stays as it is"):
        software.main(["--table", str(written)], posit)
    assert not written.exists()


def test_the_command_writes_the_table(posit: Posit, tmp_path: Path, capsys) -> None:
    written = tmp_path / "software.toml"
    software.main(["--table", str(written)], posit)

    assert tomllib.loads(written.read_text())["r"]["current"] == "4.10.0"
    assert "RStudio Server 2027.01.0-5, R 4.10.0" in capsys.readouterr().out
