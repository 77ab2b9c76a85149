"""Web ports: 80 and 443 answer this computer; where they can't, the server is asked by SSH."""

import ipaddress
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from workbench.checks.certificate import read_certificate
from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.http import BROWSER
from workbench.checks.http import client
from workbench.checks.http import is_trusted
from workbench.checks.network import web_sources
from workbench.checks.ports import HTTPS
from workbench.checks.ports import Port
from workbench.checks.ports import probe
from workbench.checks.ports import probe_web
from workbench.checks.refusals import read_refusal
from workbench.checks.target import WEB_PORTS
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

SSH_PORT = 22
EVERYONE = "0.0.0.0/0"
RESTART = "workbench restart --stack {stack}"
TUNNEL = "workbench ssh.tunnel {service} --stack {{stack}}"
ISSUED = (
    "workbench up --stack {stack}   once the domain is delegated, and with no"
    " wait_for_certificate in the program"
)
# As a browser asks, but for the name server and the certificate. Of each page: HTTP's code, and
# curl's own.
ASK = (
    "for page in {pages}; do curl -sk -o /dev/null -w '%{{http_code}}' --max-time 20 --noproxy '*'"
    ' -A {browser} --connect-to ::127.0.0.1: "$page"; echo " $?"; done'
)
ASK_LIMIT = 100.0
# The certificate that the server itself sees.
SHOW = "openssl s_client -connect 127.0.0.1:443 {which} </dev/null 2>/dev/null | openssl x509"
# curl's for a connection without a certificate, or with nothing that speaks TLS.
NO_TLS = "35"


@dataclass(frozen=True)
class OutOfReach:
    """Why this computer can't ask for the pages although nothing need be wrong, and what helps."""

    why: str
    fix: str

    def told(self, stack: str) -> str:
        """Return both, the command on a line of its own."""
        return f"{self.why}\n{self.fix.replace('{stack}', stack)}"


def check_web_ports(target: Target) -> Outcome:
    """Check that 80 and 443 answer this computer; if not, whether nothing listens there."""
    where, found = target.web_address, _probe_all(target)
    reason = _out_of_reach(target, found)
    if reason is not None:
        return _asked_inside(target, reason)
    if all(answer is Port.OPEN for answer in found.values()):
        return passed(f"{where.ip} answers on 80 and 443")
    refused = [str(port) for port, answer in found.items() if answer is Port.REFUSED]
    if refused:
        return failed(f"{where.ip} refuses {', '.join(refused)}: no web server listens there")
    silent = [str(port) for port, answer in found.items() if answer is Port.SILENT]
    return failed(
        f"{where.ip} doesn't answer on {', '.join(silent)}, which the security group opens:"
        " a network on the way, or the server itself, may drop it",
        RESTART,
    )


def find_out_of_reach(target: Target) -> OutOfReach | None:
    """Return why the pages can't be asked for from here; None where they can, or should."""
    return _out_of_reach(target, _probe_all(target))


def _probe_all(target: Target) -> dict[int, Port]:
    where = target.web_address
    with ThreadPoolExecutor() as pool:
        asked = {
            port: pool.submit(probe_web, where.ip, where.port(port), tls=port == HTTPS)
            for port in WEB_PORTS
        }
        return {port: answer.result() for port, answer in asked.items()}


def _out_of_reach(target: Target, found: Mapping[int, Port]) -> OutOfReach | None:
    is_open = Port.OPEN in found.values()
    if not target.is_public and target.entrance is None:
        return None if is_open and not _is_another(target) else _outside(target)
    # A load balancer that is there always listens; in rehearsal, what is closed refuses.
    if set(found.values()) == {Port.SILENT} or (target.entrance is not None and not is_open):
        return _shut_out(target)
    if target.entrance is not None and found[HTTPS] is not Port.OPEN:
        return find_pending(target)
    return None


def _is_another(target: Target) -> bool:
    """Return whether something else has the private address where this computer is.

    By its certificate; only a way in to SSH that goes elsewhere lets the server itself be asked.
    """
    if target.ssh_proxy is None or is_trusted(target):
        return False
    name = target.names[0]
    which = "-noservername" if _is_address(name) else f"-servername {shlex.quote(name)}"
    try:
        own = target.server().run(SHOW.format(which=which)).stdout
    except (WorkbenchError, OSError):
        return False
    if "BEGIN CERTIFICATE" not in own:
        return False
    try:
        seen = read_certificate(target, name, verify=False)
    except OSError:
        return True
    return seen != x509.load_pem_x509_certificate(own.encode())


def _outside(target: Target) -> OutOfReach | None:
    """Return that this computer isn't in the private network; None where it is, by SSH."""
    where = target.where
    if target.ssh_proxy is None and probe(where.ip, where.port(SSH_PORT)) is Port.OPEN:
        return _shut_out(target)
    return OutOfReach(
        f"{where.ip} is private, and this computer isn't in its network: connect to its VPN, or"
        " open a tunnel to a page",
        _tunnel(target),
    )


def _shut_out(target: Target) -> OutOfReach | None:
    """Return that this computer's address isn't let in; None where it is."""
    sources, ip = web_sources(target), target.web_address.ip
    if not sources or EVERYONE in sources:
        return None
    own = _own_address(target)
    if own is not None and any(_is_inside(own, each) for each in sources):
        return None
    here = f"this computer ({own})" if own else "this computer"
    return OutOfReach(
        f"{ip} lets in {', '.join(sources)} alone (http_from), and not {here}: ask from there, or"
        " open a tunnel to a page",
        _tunnel(target),
    )


def find_pending(target: Target) -> OutOfReach | None:
    """Return that the load balancer has no HTTPS yet, which it says itself by HTTP."""
    try:
        with client(target) as http:
            answer = http.get(f"http://{target.names[0]}/")
    except httpx.HTTPError:
        return None
    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        return None
    return OutOfReach(
        "the load balancer has no HTTPS yet: its certificate isn't issued, and the program doesn't"
        " wait for it (wait_for_certificate)",
        ISSUED,
    )


def _asked_inside(target: Target, reason: OutOfReach) -> Outcome:
    """Ask the server itself for its pages: what is wrong there is a failure, from anywhere."""
    services = [each for each in target.services if each.path]
    pages = [f"https://{target.names[0]}/"]
    pages += [f"https://{target.host_of(each)}{each.path}" for each in services]
    quoted = " ".join(map(shlex.quote, pages))
    command = ASK.format(pages=quoted, browser=shlex.quote(BROWSER))
    try:
        said = target.server().run(command, limit=ASK_LIMIT).stdout.splitlines()
    except (WorkbenchError, OSError):
        # What is wrong with SSH, its own checks say.
        return skipped(reason.why, reason.fix, blocks=True)
    for page, line in zip_longest(pages, said, fillvalue=""):
        code, _, own = line.partition(" ")
        if own == NO_TLS:
            host = str(urlsplit(page).hostname)
            why, fix = read_refusal(target, host)
            return failed(f"the server shows no certificate for {host}: {why}", fix)
        if not code.isdecimal() or not httpx.codes.OK <= int(code) < httpx.codes.BAD_REQUEST:
            told = "no answer" if code in ("", "000") else code
            return failed(f"on the server itself, {page} → {told}")
    return skipped(f"{reason.why}; on the server itself the pages answer", reason.fix, blocks=True)


def _tunnel(target: Target) -> str:
    page = next((each.name for each in target.services if each.path), str(HTTPS))
    return TUNNEL.format(service=page)


def _own_address(target: Target) -> str | None:
    try:
        return target.own_address(target.web_address.ip)
    except (WorkbenchError, OSError):
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_inside(address: str, source: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(source)
    except ValueError:
        # A list of addresses, or another group: whose they are isn't told here.
        return False
