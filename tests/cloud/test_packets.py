"""Which packets of machines go where: rules of the kernel, in network namespaces of the test's own.

A host with a bridge and two machines on it, and the internet, a namespace behind the host.
"""

import os
import socketserver
import subprocess
import threading
from contextlib import closing

import pytest
from test_bridges import inside
from test_bridges import ip
from test_bridges import run

from workbench.rehearsal.network import packets
from workbench.rehearsal.network.packets import Ingress
from workbench.rehearsal.network.packets import PacketRules
from workbench.rehearsal.network.packets import Placed
from workbench.rehearsal.network.packets import remove_rules

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

BRIDGE, GATEWAY, INTERNET = "wbp0", "10.10.9.1", "10.99.0.2"
ADDRESSES = {"one": "10.10.9.2", "two": "10.10.9.3"}
PRIVATE = {"one": "10.20.0.5", "two": "10.20.1.5"}
PORT = 8080
CONNECT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1) as connection:
    print(connection.recv(100).decode())
"""


@pytest.fixture
def network():
    """Names of the namespaces, by their role."""
    names = {role: f"wbp{os.getpid()}{role}" for role in ("host", "one", "two", "out")}
    host = names["host"]
    try:
        for name in names.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", host, "link", "add", BRIDGE, "type", "bridge")
        ip("-n", host, "address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
        ip("-n", host, "link", "set", BRIDGE, "up")
        for role, address in ADDRESSES.items():
            connect(host, f"v{role}", names[role], address, GATEWAY)
            ip("-n", host, "link", "set", f"v{role}", "master", BRIDGE)
        connect(host, "vout", names["out"], INTERNET, "10.99.0.1")
        ip("-n", host, "address", "add", "10.99.0.1/24", "dev", "vout")
        run(host, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run(host, "iptables", "-N", "DOCKER-USER")
        run(host, "iptables", "-I", "FORWARD", "-j", "DOCKER-USER")
        yield names
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def connect(host, device, inner, address, gateway):
    ip("-n", host, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", inner)
    ip("-n", host, "link", "set", device, "up")
    ip("-n", inner, "address", "add", f"{address}/24", "dev", "eth0")
    ip("-n", inner, "link", "set", "eth0", "up")
    ip("-n", inner, "route", "add", "default", "via", gateway)


@pytest.fixture
def served(network):
    """Have each namespace say who connects to it."""

    class Peer(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(self.client_address[0].encode())

    servers = []
    for name in network.values():
        inside(name, lambda: servers.append(socketserver.ThreadingTCPServer(("", PORT), Peer)))
    threads = [threading.Thread(target=each.serve_forever, args=(0.05,)) for each in servers]
    for thread in threads:
        thread.start()
    yield network
    for server in servers:
        with closing(server.socket):
            server.shutdown()
    for thread in threads:
        thread.join()


def seen(name, address):
    """Return as whom a namespace is seen by an address; None where nothing answers."""
    try:
        return run(name, "python3", "-c", CONNECT, address, str(PORT)).strip()
    except subprocess.CalledProcessError:
        return None


EVERYTHING = (Ingress("-1", None, "0.0.0.0/0"),)


def placed(role, vpc="vpc-1", *, out, ingress=EVERYTHING):
    where = (ADDRESSES[role], PRIVATE[role], vpc, "10.20.0.0/16")
    return Placed(*where, out, (f"sg-{role}",), tuple(ingress))


def apply(network, *machines):
    inside(network["host"], lambda: PacketRules(BRIDGE, GATEWAY).apply(machines))


def test_only_what_something_leads_out_of_reaches_the_internet(served):
    apply(served, placed("one", out=True), placed("two", out=False))

    assert seen(served["one"], INTERNET) == ADDRESSES["one"]
    assert seen(served["two"], INTERNET) is None
    # What stands for the internet on this computer is no nearer.
    assert seen(served["one"], GATEWAY) == ADDRESSES["one"]
    assert seen(served["two"], GATEWAY) is None
    # Answers to this computer itself, which asks for EC2, go out.
    assert seen(served["host"], ADDRESSES["two"]) == GATEWAY

    # A way out that goes is gone, and what isn't known has none.
    apply(served, placed("one", out=False))
    assert seen(served["one"], INTERNET) is None


def test_machines_of_one_vpc_know_each_other_by_their_private_addresses(served):
    apply(served, placed("one", out=True), placed("two", out=False))

    assert seen(served["one"], PRIVATE["two"]) == PRIVATE["one"]
    assert seen(served["two"], PRIVATE["one"]) == PRIVATE["two"]

    apply(served, placed("one", out=True), placed("two", "vpc-2", out=False))
    assert seen(served["one"], PRIVATE["two"]) is None


@pytest.mark.parametrize(
    ("rule", "is_let_in"),
    [
        (Ingress("tcp", (PORT, PORT), "10.20.0.0/24"), True),
        (Ingress("tcp", (PORT, PORT), "10.20.1.0/24"), False),
        (Ingress("tcp", (22, PORT - 1), "0.0.0.0/0"), False),
        (Ingress("udp", (0, 65535), "0.0.0.0/0"), False),
        (Ingress("tcp", (1, 65535), group="sg-one"), True),
        (Ingress("-1", None, group="sg-two"), False),
        (Ingress("icmp", (-1, -1), "0.0.0.0/0"), False),
    ],
)
def test_security_groups_say_what_another_machine_reaches(served, rule, is_let_in):
    two = placed("two", out=False, ingress=[rule])
    apply(served, placed("one", out=True, ingress=[]), two)

    assert seen(served["one"], PRIVATE["two"]) == (PRIVATE["one"] if is_let_in else None)
    # Not the other way: nothing lets into that one.
    assert seen(served["two"], PRIVATE["one"]) is None

    # A rule that goes is closed at once.
    apply(served, placed("one", out=True, ingress=[]), placed("two", out=False, ingress=[]))
    assert seen(served["one"], PRIVATE["two"]) is None


def test_what_failed_is_done_again_and_told_once(served, caplog):
    host = served["host"]
    rules, machines = PacketRules(BRIDGE, GATEWAY), [placed("one", out=False)]
    run(host, "iptables", "-D", "FORWARD", "-j", "DOCKER-USER")
    run(host, "iptables", "-X", "DOCKER-USER")
    for _ in range(2):
        inside(host, lambda: rules.apply(machines))
    assert seen(served["one"], INTERNET) == ADDRESSES["one"]
    assert [each.message.partition(":")[0] for each in caplog.records] == [
        "the machines' packets aren't filtered"
    ]

    run(host, "iptables", "-N", "DOCKER-USER")
    run(host, "iptables", "-I", "FORWARD", "-j", "DOCKER-USER")
    inside(host, lambda: rules.apply(machines))
    assert seen(served["one"], INTERNET) is None


@pytest.mark.parametrize(
    "flushed",
    [["-F", "DOCKER-USER"], ["-F", "INPUT"], ["-F", f"{BRIDGE}-out"], ["-t", "nat", "-F"]],
)
def test_what_others_throw_away_is_put_back(network, monkeypatch, flushed):
    monkeypatch.setattr(packets, "LOOK_AFTER", 0)
    host, rules = network["host"], PacketRules(BRIDGE, GATEWAY)
    machines = [placed("one", out=True), placed("two", out=False)]
    inside(host, lambda: rules.apply(machines))
    before = own_rules(host)
    run(host, "iptables", *flushed)
    assert own_rules(host) != before

    inside(host, lambda: rules.apply(machines))

    assert own_rules(host) == before


def own_rules(host):
    return sorted(each for each in rules(run(host, "iptables-save")) if f"{BRIDGE}-" in each)


def test_no_rule_is_left_behind(network):
    before = run(network["host"], "iptables-save")
    apply(network, placed("one", out=True), placed("two", out=True))
    assert BRIDGE in run(network["host"], "iptables-save")
    # Once more, as after a crash.
    apply(network, placed("one", out=True))

    for _ in range(2):
        inside(network["host"], lambda: remove_rules(BRIDGE, GATEWAY))
        left = run(network["host"], "iptables-save")
        assert BRIDGE not in left
    assert rules(before) == rules(left)


def rules(saved):
    return [line for line in saved.splitlines() if line.startswith("-A")]
