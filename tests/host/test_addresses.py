"""Without a domain: an authority's certificate for the address, else the server's own; both answer.

At the server's own address: what people have is an Elastic IP, which points to it.
"""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from clients import Site
from host_lab import Lab

from workbench.checks import certificate
from workbench.checks import kernels
from workbench.checks import web
from workbench.checks.target import Address
from workbench.checks.target import Answer
from workbench.checks.target import Target
from workbench.host import places
from workbench.progress import Progress
from workbench.rehearsal.endpoints.pebble import Pebble
from workbench.rehearsal.pebble.program import ensure_profiled

# Alongside the lab's own authority, which may be a distribution's pebble, without profiles.
PORT = 14_100
DIRECTORY = f"https://acme.rehearsal.internal:{PORT}/dir"
DAYS = 160 * 3600
# Of which Caddy renews a third before the end; it looks every ten minutes, unless told to.
SECONDS = 45
LOOK = r"sed -i '0,/^{$/s//{\n\trenew_interval 1s/' /etc/caddy/Caddyfile"
PASSWORD = "Correct-horse-battery-7"


@dataclass
class Authority:
    """A certificate authority that certifies addresses; each start has a root of its own."""

    lab: Lab
    pebbles: list[Pebble] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.lab.folder / f"root-{len(self.pebbles)}.pem"

    def start(self, lifetime: int = DAYS, profile: str = "shortlived") -> None:
        self.stop()
        profiles = {profile: {"description": "", "validityPeriod": lifetime}}
        folder = self.lab.folder / "profiled"
        pebble = Pebble(folder, self.lab.authority, "127.0.0.1:9", profiles=profiles)
        self.pebbles.append(pebble)
        pebble.start(self.lab.machines.ensure_network().gateway, self.root, PORT)

    def stop(self) -> None:
        for pebble in self.pebbles:
            pebble.stop()


class Shell:
    """The administrator's shell, for the checks."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        return Answer(0, self._lab.run(f"{{ {command}; }} || true"))


@pytest.fixture(scope="module", autouse=True)
def authority(lab: Lab) -> Iterator[Authority]:
    """Take the domain from the server, and give it an authority for its address."""
    ensure_profiled(Progress(quiet=True))
    made = Authority(lab)
    made.start()
    acme = lab.first["acme"] | {"directory": DIRECTORY}
    lab.publish(domain=None, names=[], acme=acme, address=lab.address)
    lab.converge()
    lab.run("chpasswd", stdin=f"test-user:{PASSWORD}\n")
    yield made
    made.stop()


def target(lab: Lab, authority: Authority) -> Target:
    outputs: dict[str, Any] = {"names": [], "users": ["test-user"], "address": lab.address}
    return Target(
        "lab",
        outputs,
        Address(lab.address),
        authority.root,
        server=lambda: Shell(lab),
        password=lambda user: PASSWORD,
    )


def begin_without(lab: Lab) -> None:
    """Take away the certificate of the address, and the account; have Caddy ask for another."""
    lab.run(f"cd {places.CADDY_STORAGE} && rm -rf certificates/acme* acme; systemctl restart caddy")


@pytest.fixture
def certified(lab: Lab, authority: Authority) -> Target:
    """The server with a certificate of days."""
    authority.start()
    begin_without(lab)
    found = target(lab, authority)
    lab.wait_for(lambda: certificate.check_chain(found).result == "PASS")
    return found


def test_browsers_trust_the_bare_address_for_some_days(lab: Lab, certified: Target) -> None:
    found = certificate.check_chain(certified)
    assert re.match(rf"{lab.address} verified, issued by Pebble", found.evidence)
    shown = certificate.read_certificate(certified, lab.address)
    assert shown.not_valid_after_utc - shown.not_valid_before_utc < certificate.SHORT
    found = certificate.check_expiry(certified)
    assert (found.result, "in 6 days 15 hours" in found.evidence) == ("PASS", True), found
    assert lab.converge()["changed"] == 0


def test_people_work_at_the_bare_address(lab: Lab, certified: Target) -> None:
    checks = (web.check_redirect, web.check_landing, web.check_hub_redirects, web.check_rstudio)
    for check in (*checks, kernels.check_kernels):
        found = check(certified)
        assert found.result == "PASS", found
    # RStudio's cookie and where it leads, in a browser that knows the authority.
    site = Site(
        f"https://{lab.address}", lab.address, {"80": 80, "443": 443}, str(certified.ca_certificate)
    )
    with site.client() as http:
        form = http.get(f"{site.url}/rstudio/auth-sign-in")
        token = re.search(r'name="rs-csrf-token" value="([^"]+)"', form.text)
        assert token
        data = {"username": "test-user", "password": PASSWORD, "rs-csrf-token": token[1]}
        answer = http.post(f"{site.url}/rstudio/auth-do-sign-in", data=data)
        assert answer.headers["location"].startswith(f"{site.url}/rstudio/")
        assert http.get(f"{site.url}/rstudio/").status_code == 200


def test_the_certificate_is_renewed_while_people_work(lab: Lab, authority: Authority) -> None:
    process = "systemctl show -P MainPID caddy"
    authority.start(SECONDS)
    lab.run(LOOK)
    begin_without(lab)
    short = target(lab, authority)
    lab.wait_for(lambda: certificate.check_chain(short).result == "PASS")
    before = lab.run(process)

    def shown() -> int:
        return certificate.read_certificate(short, lab.address, verify=False).serial_number

    first = shown()
    lab.wait_for(lambda: shown() != first)
    assert certificate.check_chain(short).result == "PASS"
    assert lab.run(process) == before
    lab.converge()


def test_where_no_authority_answers_the_site_does_with_its_own_certificate(
    lab: Lab, authority: Authority
) -> None:
    authority.stop()
    begin_without(lab)
    alone = target(lab, authority)
    lab.wait_for(lambda: "can't reach" in certificate.check_chain(alone).evidence)
    found = certificate.check_chain(alone)
    assert (found.result, "browsers warn" in found.evidence) == ("WARN", True)
    assert found.fix == "workbench converge --stack {stack}"
    assert web.check_landing(alone).result == "PASS"
    assert kernels.check_kernels(alone).result == "SKIP"
    # By a name, too: a tunnel's.
    lab.run("curl -skf --resolve other.test:443:127.0.0.1 https://other.test/ | grep -q Penguin")


def test_an_authority_without_short_lived_certificates_is_told(
    lab: Lab, authority: Authority
) -> None:
    authority.start(profile="default")
    begin_without(lab)
    own = target(lab, authority)
    lab.wait_for(
        lambda: "doesn't offer short-lived certificates" in certificate.check_chain(own).evidence
    )
    found = certificate.check_chain(own)
    assert (found.result, found.fix) == ("WARN", "workbench up --stack {stack}")
    # As the fix says; a web server that has just started is given some time first.
    authority.start()
    again = target(lab, authority)
    lab.wait_for(lambda: lab.converge() and certificate.check_chain(again).result == "PASS")


def test_another_elastic_ip_gets_a_certificate_of_its_own(lab: Lab, certified: Target) -> None:
    network = IPv4Network(lab.machines.ensure_network().subnet)
    other = str(network[-7])
    lab.run(f"ip address add {other}/{network.prefixlen} dev eth0")
    try:
        lab.publish(address=other)
        lab.converge()
        moved = replace(certified, address=Address(other))
        assert certificate.check_chain(moved).result == "PASS"
        # Who has the old one is answered, and told that it is another server to them.
        with pytest.raises(ssl.SSLError):
            certificate.read_certificate(certified, lab.address)
        assert web.check_landing(certified).result == "PASS"
        assert lab.converge()["changed"] == 0
    finally:
        lab.publish(address=lab.address)
        lab.converge()
        lab.run(f"ip address del {other}/{network.prefixlen} dev eth0")
