"""What the kernel lets through between a rehearsal's machines and the rest: as in their VPCs.

Rules of iptables, in chains of the rehearsal's own, by its bridge:

- Only machines that something leads out of reach the internet, and what stands for it here at the
  bridge's own address: packages and the certificate authority.
- Machines of one VPC reach one another by their private addresses, and see each other by those,
  where the security groups of the one that is reached allow it.

Nothing answers a packet that goes nowhere, as in AWS.
"""

import ipaddress
import logging
import subprocess
import time
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.rehearsal.network.reach import is_other_side

log = logging.getLogger(__name__)

# Seconds to wait for who else changes rules.
WAIT = "--wait=10"
# Seconds after which is looked whether the rules still stand: a firewall of this computer that
# starts again throws others' away.
LOOK_AFTER = 5.0
_ANSWERS = "-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN"


@dataclass(frozen=True)
class Ingress:
    """A rule of a security group: what it lets in, from addresses or from members of a group.

    ``protocol`` is tcp, udp, icmp or, for all, -1; None are all ports.
    """

    protocol: str
    ports: tuple[int, int] | None
    cidr: str | None = None
    group: str | None = None

    def allows(self, source: "Placed") -> bool:
        """Whether a machine is one of those it lets in."""
        return is_other_side(source.private_ip, source.groups, self.cidr, self.group)


@dataclass(frozen=True)
class Placed:
    """A machine: its ``address`` on the bridge, and where EC2 says that it is."""

    address: str
    private_ip: str
    vpc_id: str
    vpc_range: str
    reaches_internet: bool
    groups: tuple[str, ...] = ()
    ingress: tuple[Ingress, ...] = ()


class PacketRules:
    """The rules of one bridge, whose own address is ``gateway``."""

    def __init__(self, bridge: str, gateway: str) -> None:
        self._bridge = bridge
        self._gateway = gateway
        self._applied: str | None = None
        self._standing: list[str] = []
        self._looked = 0.0
        self._said = ""

    def apply(self, machines: Sequence[Placed]) -> None:
        """Make the rules those of ``machines``; other machines of the bridge reach nothing."""
        text = rules_of(self._bridge, self._gateway, machines)
        try:
            if text != self._applied or not self._stand():
                # Until all of it is done, the next call does it again.
                self._applied = None
                self._put(text)
                self._applied, self._said = text, ""
        except (OSError, subprocess.SubprocessError) as error:
            self._applied = None
            self._tell(f"the machines' packets aren't filtered: {_said(error)}")

    def _put(self, text: str) -> None:
        # All in one step: no packet sees half of it.
        _run("iptables-restore", WAIT, "--noflush", stdin=text)
        for table, chain, jump in _jumps(self._bridge, self._gateway):
            if not _succeeds(table, "-C", chain, jump):
                _iptables(table, "-I", chain, jump)
        self._standing, self._looked = _saved(self._bridge), time.monotonic()

    def _stand(self) -> bool:
        """Say whether the rules are as they were put there; looks now and then."""
        if time.monotonic() - self._looked < LOOK_AFTER:
            return True
        self._looked = time.monotonic()
        return _saved(self._bridge) == self._standing

    def _tell(self, problem: str) -> None:
        """Log what went wrong; the same once, however many rounds it lasts."""
        if problem != self._said:
            log.warning(problem)
        self._said = problem


def remove_rules(bridge: str, gateway: str) -> None:
    """Take a bridge's rules away; without any, nothing happens."""
    try:
        for table, chain, jump in _jumps(bridge, gateway):
            while _succeeds(table, "-D", chain, jump):
                pass
        for table, name in _chains(bridge):
            if _succeeds(table, "-F", name):
                _iptables(table, "-X", name)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("rules for packets stay: %s", _said(error))


def rules_of(bridge: str, gateway: str, machines: Sequence[Placed]) -> str:
    """Return the rules in iptables-restore's form."""
    (_, out), (_, within), (_, there), (_, back) = _chains(bridge)
    pairs = [(one, other) for one in machines for other in machines if one.vpc_id == other.vpc_id]
    lines = [
        "*filter",
        f":{out} - [0:0]",
        f":{within} - [0:0]",
        *(f"-A {out} {each}" for each in _out(gateway, machines)),
        *(f"-A {within} {each}" for each in _within(pairs)),
    ]
    lines += ["COMMIT", "*nat", f":{there} - [0:0]", f":{back} - [0:0]"]
    for one, other in pairs:
        lines += [
            f"-A {there} -s {one.address} -d {other.private_ip}"
            f" -j DNAT --to-destination {other.address}",
            f"-A {back} -s {one.address} -d {other.address}"
            f" -m conntrack --ctorigdst {other.private_ip}"
            f" -j SNAT --to-source {one.private_ip}",
        ]
    return "\n".join([*lines, "COMMIT", ""])


def _out(gateway: str, machines: Sequence[Placed]) -> Iterator[str]:
    yield _ANSWERS
    for each in machines:
        if ipaddress.ip_address(gateway) not in ipaddress.ip_network(each.vpc_range):
            # Nobody has that address in the VPC: it isn't looked for anywhere else.
            yield f"-s {each.address} -d {each.vpc_range} -j DROP"
        if each.reaches_internet:
            yield f"-s {each.address} -j RETURN"
    yield "-j DROP"


def _within(pairs: Sequence[tuple[Placed, Placed]]) -> Iterator[str]:
    """Return what machines may send one another; the addresses are the bridge's here."""
    yield _ANSWERS
    for source, target in pairs:
        way = f"-s {source.address} -d {target.address}"
        if source is target:
            # On AWS, what a server sends to itself never leaves it.
            yield f"{way} -j RETURN"
            continue
        for rule in dict.fromkeys(each for each in target.ingress if each.allows(source)):
            yield f"{way} {_matching(rule)} -j RETURN"
    yield "-j DROP"


def _matching(rule: Ingress) -> str:
    """Return what a packet must be, for a rule to be about it."""
    if rule.protocol == "-1":
        return ""
    if rule.ports is None or rule.protocol == "icmp":
        return f"-p {rule.protocol}"
    return f"-p {rule.protocol} --dport {rule.ports[0]}:{rule.ports[1]}"


def _chains(bridge: str) -> list[tuple[str, str]]:
    return [
        *(("filter", f"{bridge}-{name}") for name in ("out", "within")),
        *(("nat", f"{bridge}-{name}") for name in ("there", "back")),
    ]


def _jumps(bridge: str, gateway: str) -> list[tuple[str, str, str]]:
    """Return where the chains are entered: Docker leaves its own chain for others' rules."""
    (_, out), (_, within), (_, there), (_, back) = _chains(bridge)
    return [
        ("filter", "DOCKER-USER", f"-i {bridge} ! -o {bridge} -j {out}"),
        ("filter", "DOCKER-USER", f"-i {bridge} -o {bridge} -j {within}"),
        ("filter", "INPUT", f"-i {bridge} -d {gateway}/32 -j {out}"),
        ("nat", "PREROUTING", f"-i {bridge} -j {there}"),
        ("nat", "POSTROUTING", f"-o {bridge} -j {back}"),
    ]


def _saved(bridge: str) -> list[str]:
    """Return the rules of our chains, and those that lead there, as the kernel has them."""
    saved = _run("iptables-save").splitlines()
    ours = [f"{name} " for _, name in _chains(bridge)]
    return [rule for rule in saved if rule[:2] == "-A" and any(each in f"{rule} " for each in ours)]


def _iptables(table: str, verb: str, chain: str, rule: str = "") -> None:
    _run("iptables", WAIT, "-t", table, verb, chain, *rule.split())


def _succeeds(table: str, verb: str, chain: str, rule: str = "") -> bool:
    try:
        _iptables(table, verb, chain, rule)
    except subprocess.CalledProcessError:
        return False
    return True


def _run(*command: str, stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True)
    return done.stdout


def _said(error: Exception) -> str:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else ""
    return (said or str(error)).strip()
