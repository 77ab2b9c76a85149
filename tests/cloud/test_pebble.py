"""Pebble, the certificate authority that Caddy asks, as a child of the rehearsal."""

import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509

from workbench.errors import MissingToolError
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.endpoints import pebble as module
from workbench.rehearsal.endpoints.ca import ensure_ca
from workbench.rehearsal.endpoints.pebble import Pebble
from workbench.rehearsal.network.sockets import listen_tcp
from workbench.rehearsal.pebble.program import ensure_profiled

LIMIT = 20
NOWHERE = "127.0.0.1:9"


@pytest.fixture
def authority(tmp_path):
    return ensure_ca(tmp_path / "ca")


@pytest.fixture
def port():
    """A port of this test's own: below those that the kernel hands out to whoever asks for one."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return next(port for port in range(first - 1 - os.getpid() % 5000, 1024, -1) if is_free(port))


def is_free(port):
    try:
        listen_tcp("127.0.0.1", port).close()
    except OSError:
        return False
    return True


@pytest.fixture
def pebble(tmp_path, authority):
    pebble = Pebble(tmp_path / "pebble", authority, NOWHERE)
    yield pebble
    pebble.stop()


def test_it_answers_under_a_certificate_of_the_rehearsals_authority(
    pebble, authority, port, tmp_path
):
    pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    assert pebble.running
    assert pebble.acme_directory == f"https://acme.rehearsal.internal:{port}/dir"
    assert "newOrder" in directory(authority, port)


def test_the_roots_of_earlier_runs_are_kept_behind_the_present_one(
    pebble, authority, port, tmp_path
):
    path = tmp_path / "ca.pem"
    roots = []
    for _ in range(2):
        pebble.start("127.0.0.1", path, port)
        pebble.stop()
        roots.insert(0, x509.load_pem_x509_certificates(path.read_bytes())[0])
    # Behind them, that of load balancers' certificates.
    own = x509.load_pem_x509_certificate(authority.pem)
    assert x509.load_pem_x509_certificates(path.read_bytes()) == [*roots, own]
    assert "Pebble Root CA" in roots[0].subject.rfc4514_string()


def test_stopping_ends_it_and_frees_its_port(pebble, port, tmp_path):
    pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    pebble.stop()
    pebble.stop()
    assert not pebble.running
    listen_tcp("127.0.0.1", port).close()


def test_its_key_is_its_owners_alone_and_not_in_its_arguments(pebble, port, tmp_path):
    pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    key = tmp_path / "pebble" / "directory.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_it_ends_with_the_process_even_when_that_is_killed(tmp_path, port):
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), str(port)], stdout=subprocess.PIPE
    ) as parent:
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + LIMIT
    while alive(pid):
        assert time.monotonic() < deadline
        os.sched_yield()


CHILD = """
import sys, time
from pathlib import Path
from workbench.rehearsal.endpoints.ca import ensure_ca
from workbench.rehearsal.endpoints.pebble import Pebble
path = Path(sys.argv[1])
pebble = Pebble(path / "pebble", ensure_ca(path / "ca"), "127.0.0.1:9")
pebble.start("127.0.0.1", path / "ca.pem", int(sys.argv[2]))
print(pebble._child._process.pid, flush=True)
time.sleep(60)
"""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_port_that_is_taken_is_one_plain_sentence(pebble, port, tmp_path):
    with (
        listen_tcp("127.0.0.1", port),
        pytest.raises(WorkbenchError, match=r"Pebble can't listen on .*listens there"),
    ):
        pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    assert not (tmp_path / "ca.pem").exists()


def test_another_management_port_is_taken_when_the_first_is_gone(
    pebble, port, tmp_path, monkeypatch
):
    free_port = module._free_port
    with listen_tcp("127.0.0.1", 0) as taken:
        ports = iter([taken.getsockname()[1], taken.getsockname()[1]])
        monkeypatch.setattr(module, "_free_port", lambda: next(ports, None) or free_port())
        pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    assert pebble.running
    assert (tmp_path / "ca.pem").exists()


def test_management_ports_that_are_all_gone_are_told(pebble, port, tmp_path, monkeypatch):
    with listen_tcp("127.0.0.1", 0) as taken:
        monkeypatch.setattr(module, "_free_port", lambda: taken.getsockname()[1])
        with pytest.raises(WaitTimeoutError, match=r"ended at once: .*address already in use"):
            pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    assert not pebble.running


def test_one_that_ends_at_once_is_told_with_its_last_words(pebble, port, tmp_path, monkeypatch):
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho out of luck\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(module, "_program", lambda profiled: str(program))
    with pytest.raises(WaitTimeoutError, match="ended at once: out of luck") as error:
        pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    assert str(pebble.log_path) in error.value.hint


def test_one_that_is_not_installed_is_named_with_its_package(pebble, port, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path))
    with pytest.raises(MissingToolError) as error:
        pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    assert "apt-get install pebble" in error.value.hint


def test_it_takes_up_profiles_once_a_program_that_knows_them_is_there(
    pebble, authority, port, tmp_path, monkeypatch
):
    profiled = ensure_profiled(Progress(quiet=True))
    monkeypatch.setattr(module, "find_profiled", lambda: None)
    pebble.start("127.0.0.1", tmp_path / "ca.pem", port)
    pebble.take_up_profiles()
    assert not pebble.has_profiles
    assert "shortlived" not in directory(authority, port)
    monkeypatch.setattr(module, "find_profiled", lambda: profiled)
    pebble.take_up_profiles()
    assert pebble.has_profiles
    assert "shortlived" in directory(authority, port)
    # As after a restart: certificates of before are trusted still.
    assert len(x509.load_pem_x509_certificates((tmp_path / "ca.pem").read_bytes())) == 3
    child = pebble._child._process
    pebble.take_up_profiles()
    assert pebble._child._process is child


def directory(authority, port):
    context = ssl.create_default_context(cafile=str(authority.cert_path))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(f"https://127.0.0.1:{port}/dir", timeout=LIMIT) as answer:
        return answer.read().decode()
