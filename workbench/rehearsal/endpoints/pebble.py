"""Run pebble, the certificate authority of the rehearsal that speaks ACME as Let's Encrypt does."""

import contextlib
import json
import os
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from workbench.errors import MissingToolError
from workbench.errors import WaitTimeoutError
from workbench.rehearsal.child import Child
from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.network.sockets import explain
from workbench.rehearsal.network.sockets import listen_tcp
from workbench.rehearsal.pebble.program import find_profiled
from workbench.waiting import wait_for

ACME_HOST = "acme.rehearsal.internal"
ACME_PORT = 14_000
# How long pebble may take until it answers (seconds).
START_LIMIT = 20.0
# How often it is started where another program takes its management port first.
PORT_TRIES = 3
# As Let's Encrypt's, in seconds; shortlived's is also what it certifies addresses by.
PROFILES = {
    "default": {"description": "90 days", "validityPeriod": 90 * 24 * 3600},
    "shortlived": {"description": "160 hours", "validityPeriod": 160 * 3600},
}
# What the kernel says of a port that another program has.
PORT_TAKEN = "address already in use"
# Roots of earlier runs that ca.pem still holds.
ROOTS_KEPT = 8


class Pebble:
    """Pebble as a child of this process: it ends when the process does.

    ``directory`` holds its configuration, certificate, log and roots; ``dns`` is the
    address of the DNS server it checks names with; ``http_port`` and ``tls_port`` are where
    it looks for challenges, on the addresses that the names resolve to. ``profiles`` are those
    of a program that knows them.
    """

    def __init__(
        self,
        directory: Path,
        authority: CertificateAuthority,
        dns: str,
        *,
        http_port: int = 80,
        tls_port: int = 443,
        profiles: Mapping[str, Mapping[str, object]] = PROFILES,
    ) -> None:
        self.directory = directory
        self.log_path = directory / "pebble.log"
        self._authority = authority
        self._dns = dns
        self._ports = (http_port, tls_port)
        self._profiles = profiles
        self._profiled: Path | None = None
        self._ca_certificate = Path()
        self._address = ""
        self._port = ACME_PORT
        self._management = 0
        self._child = Child("pebble", self.log_path)

    @property
    def acme_directory(self) -> str:
        """The address of the ACME directory, by the name its certificate is for."""
        return f"https://{ACME_HOST}:{self._port}/dir"

    @property
    def running(self) -> bool:
        """Whether the child process lives."""
        return self._child.running

    @property
    def has_profiles(self) -> bool:
        """Whether it certifies addresses as Let's Encrypt does."""
        return self._profiled is not None

    def take_up_profiles(self) -> None:
        """Continue as the program that knows profiles when it was built meanwhile.

        At the same address, with the earlier roots: to others it is a restart.
        """
        if self.running and not self.has_profiles and find_profiled() is not None:
            self.stop()
            self.start(self._address, self._ca_certificate, self._port)

    def start(self, address: str, ca_certificate: Path, port: int = ACME_PORT) -> None:
        """Start pebble on ``address``, wait until it answers, and write its root.

        ``ca_certificate`` is where the PEM file for browsers goes: this run's root first,
        then those of earlier runs, for pebble makes a new one each time and certificates
        of an earlier one may still be in use. Raises MissingToolError when pebble isn't
        installed, WaitTimeoutError with its last words when it doesn't answer.
        """
        self._profiled, self._ca_certificate = find_profiled(), ca_certificate
        program = _program(self._profiled)
        self.directory.mkdir(parents=True, exist_ok=True)
        root = self._start_where_free(program, address, port)
        self._write_roots(root, ca_certificate)

    def _start_where_free(self, program: str, address: str, port: int) -> bytes:
        """Start pebble; return its root.

        It can't say which port it took, so the management port is chosen here, and another
        program may take that before pebble does: then another is chosen.
        """
        for _ in range(PORT_TRIES - 1):
            try:
                return self._start_once(program, address, port)
            except WaitTimeoutError:
                if PORT_TAKEN not in self._last_words():
                    raise
        return self._start_once(program, address, port)

    def _start_once(self, program: str, address: str, port: int) -> bytes:
        _check_free(address, port)
        self._address, self._port, self._management = address, port, _free_port()
        self._write_configuration()
        # The wait before a challenge is tried, and the refused nonces, are there to harden
        # ACME clients; here they'd only make a person wait.
        environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        arguments = ["-config", str(self.directory / "pebble.json"), "-dnsserver", self._dns]
        self._child.start([program, *arguments], environment)
        try:
            return self._await_root()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End pebble and wait for it. Twice is fine."""
        self._child.stop()

    def _write_configuration(self) -> None:
        certificate, key = self.directory / "directory.pem", self.directory / "directory.key"
        chain, private = self._authority.issue(
            [ACME_HOST, "localhost"], {self._address, "127.0.0.1"}
        )
        certificate.write_bytes(chain)
        key.unlink(missing_ok=True)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
        configuration = {
            "listenAddress": f"{self._address}:{self._port}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(certificate),
            "privateKey": str(key),
            "httpPort": self._ports[0],
            "tlsPort": self._ports[1],
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "profiles": self._profiles,
        }
        text = json.dumps({"pebble": configuration}, indent=2) + "\n"
        (self.directory / "pebble.json").write_text(text, encoding="utf-8")

    def _await_root(self) -> bytes:
        opener = _opener(self._authority)

        def root() -> bytes | None:
            with contextlib.suppress(OSError):
                directory = f"https://{self._address}:{self._port}/dir"
                opener.open(directory, timeout=START_LIMIT).close()
                management = f"https://127.0.0.1:{self._management}/roots/0"
                with opener.open(management, timeout=START_LIMIT) as answer:
                    return bytes(answer.read())
            return None

        found = wait_for(root, lambda: START_LIMIT if self.running else 0.0, 0.05)
        if found is not None:
            return found
        what = "did not answer in time" if self.running else "ended at once"
        raise WaitTimeoutError(
            f"Pebble, the rehearsal's certificate authority, {what}: {self._last_words()}",
            f"Look at {self.log_path}, then start the rehearsal again: workbench rehearsal.start",
        )

    def _last_words(self) -> str:
        return self._child.last_words() or "it said nothing"

    def _write_roots(self, root: bytes, ca_certificate: Path) -> None:
        kept = self.directory / "roots.pem"
        earlier = kept.read_bytes() if kept.exists() else b""
        roots = [root.strip() + b"\n", *_certificates(earlier)][:ROOTS_KEPT]
        # The rehearsal's own authority is Certificate Manager's: of load balancers' certificates.
        for path, content in ((kept, roots), (ca_certificate, [*roots, self._authority.pem])):
            temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
            temporary.write_bytes(b"".join(content))
            temporary.replace(path)


def _program(profiled: Path | None) -> str:
    pebble = str(profiled) if profiled else shutil.which("pebble")
    if pebble is None:
        raise MissingToolError(
            "The rehearsal's certificate authority, pebble, is not installed.",
            "Install it: sudo apt-get install pebble",
        )
    return pebble


def _check_free(address: str, port: int) -> None:
    # Else the answer that is awaited could be another pebble's.
    try:
        listen_tcp(address, port).close()
    except OSError as error:
        raise explain(error, "Pebble", address, port) from error


def _opener(authority: CertificateAuthority) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context(cadata=authority.pem.decode())
    # No proxy: what is asked is this process's own child.
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )


def _certificates(pem: bytes) -> list[bytes]:
    try:
        found = x509.load_pem_x509_certificates(pem) if pem.strip() else []
    except ValueError:
        return []
    return [each.public_bytes(Encoding.PEM) for each in found]


def _free_port() -> int:
    with contextlib.closing(listen_tcp("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
