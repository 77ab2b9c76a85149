"""A real browser: Debian's Chromium, with a profile and trust of its own."""

import shutil
import subprocess
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apart import LOOPBACK
from apart import apart
from playwright.sync_api import BrowserContext
from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium(
    home: Path, ports: Iterable[int], *flags: str, to: str = LOOPBACK
) -> Iterator[BrowserContext]:
    """Give a browser that finds ``ports`` of ``to`` on its loopback, and nothing else."""
    program = shutil.which("chromium") or "chromium"
    with apart(program, ports, home, to) as command, sync_playwright() as p:
        context = p.chromium.launch_persistent_context(
            str(home / "profile"),
            executable_path=str(command),
            args=[*FLAGS, *flags],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
            viewport={"width": 1280, "height": 800},
        )
        yield context
        context.close()


def trust(home: Path, ca: str) -> None:
    """Do what a person does who trusts a certificate authority in the browser."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    certutil = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "rehearsal", "-i", ca], check=True)
