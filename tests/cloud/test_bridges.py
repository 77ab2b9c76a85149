"""Several rehearsals answer on the same link-local addresses, each on its own bridge.

In network namespaces of the test's own: a host with two bridges, a machine on each, and a
container inside the first machine.
"""

import ctypes
import os
import subprocess
import threading

import pytest

from workbench.rehearsal.endpoints.instance_view import InstanceView
from workbench.rehearsal.endpoints.metadata import MetadataServer
from workbench.rehearsal.network.dns import DnsServer
from workbench.rehearsal.network.dns import Listen
from workbench.rehearsal.network.zones import Record
from workbench.rehearsal.network.zones import Zone

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

ADDRESS, RESOLVER = "169.254.169.254", "169.254.169.253"
CLONE_NEWNET = 0x40000000
TOKEN = f"http://{ADDRESS}/latest/api/token"
TTL = "X-aws-ec2-metadata-token-ttl-seconds: 60"


@pytest.fixture
def network():
    """Names of the namespaces, by their role."""
    names = {role: f"wbt{os.getpid()}{role}" for role in ("host", "one", "two", "inner")}
    try:
        for name in names.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        for number, role in enumerate(("one", "two"), start=1):
            connect(names["host"], f"bridge{number}", names[role], f"10.10.{number}")
            for address in (ADDRESS, RESOLVER):
                ip("-n", names["host"], "address", "add", f"{address}/32", "dev", f"bridge{number}")
        connect(names["one"], "docker0", names["inner"], "10.10.3")
        run(names["one"], "sysctl", "-qw", "net.ipv4.ip_forward=1")
        ip("-n", names["host"], "route", "add", "10.10.3.0/24", "via", "10.10.1.2")
        yield names
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def connect(outer, device, inner, network):
    ip("-n", outer, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", inner)
    for name, link, host in ((outer, device, 1), (inner, "eth0", 2)):
        ip("-n", name, "address", "add", f"{network}.{host}/24", "dev", link)
        ip("-n", name, "link", "set", link, "up")
    ip("-n", inner, "route", "add", "default", "via", f"{network}.1")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def run(name, *command):
    return subprocess.run(
        ["ip", "netns", "exec", name, *command], check=True, capture_output=True, text=True
    ).stdout


def inside(name, work):
    """Call ``work`` in a thread that lives in the namespace: its sockets are of there."""
    problems = []

    def enter():
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            with open(f"/run/netns/{name}") as namespace:
                assert libc.setns(namespace.fileno(), CLONE_NEWNET) == 0
            work()
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]


def view(instance_id, hop_limit=1):
    zone = "us-east-1a"
    return InstanceView(
        instance_id,
        "ami-1",
        "t3.micro",
        "123456789012",
        "us-east-1",
        zone,
        "10.0.0.1",
        "ip-10-0-0-1.ec2.internal",
        "02:00:00:00:00:01",
        hop_limit=hop_limit,
    )


@pytest.fixture
def metadata(network):
    """Start a rehearsal's metadata address on a bridge, with one hop limit for all."""
    servers = []

    def start(bridge, instance_id, hop_limit=1):
        server = MetadataServer(lambda _: view(instance_id, hop_limit), lambda *_: {})
        servers.append(server)
        inside(network["host"], lambda: server.start(ADDRESS, 80, bridge))

    yield start
    for server in servers:
        server.stop()


def instance_id(name):
    token = put_token(name)
    header = f"X-aws-ec2-metadata-token: {token}"
    address = f"http://{ADDRESS}/latest/meta-data/instance-id"
    return run(name, "curl", "-sS", "--noproxy", "*", "--max-time", "5", "-H", header, address)


def put_token(name):
    options = ["-sS", "--noproxy", "*", "--max-time", "5", "-X", "PUT", "-H", TTL]
    return run(name, "curl", *options, TOKEN)


def test_each_machine_reaches_its_own_rehearsals_metadata(network, metadata):
    metadata("bridge1", "i-one")
    metadata("bridge2", "i-two")
    assert instance_id(network["one"]) == "i-one"
    assert instance_id(network["two"]) == "i-two"


def test_a_token_goes_as_far_as_the_hop_limit(network, metadata):
    metadata("bridge1", "i-one", hop_limit=2)
    assert put_token(network["one"])
    assert put_token(network["inner"])


def test_a_token_goes_no_further_than_the_hop_limit(network, metadata):
    metadata("bridge1", "i-one", hop_limit=1)
    assert put_token(network["one"])
    with pytest.raises(subprocess.CalledProcessError) as timeout:
        put_token(network["inner"])
    assert "timed out" in timeout.value.stderr


def test_each_machine_asks_its_own_rehearsals_resolver(network):
    servers = []
    try:
        for number in (1, 2):
            record = Record("example.com", "A", 60, (f"127.0.{number}.1",))
            zone = Zone("example.com", (record,))
            server = DnsServer(lambda zone=zone: [zone])
            servers.append(server)
            listen = Listen(RESOLVER, 53, f"bridge{number}")
            inside(network["host"], lambda server=server, listen=listen: server.start(listen))
        for number, role in enumerate(("one", "two"), start=1):
            for flag in ("0", "1"):
                asked = run(network[role], "python3", "-c", ASK, flag)
                assert asked.strip() == f"127.0.{number}.1"
    finally:
        for server in servers:
            server.stop()


# A query as a stub resolver sends it, over UDP or TCP, with nothing but the standard library.
ASK = f"""
import socket, sys
tcp = sys.argv[1] == "1"
query = bytes.fromhex("12340100000100000000000007") + b"example\\x03com\\x00\\x00\\x01\\x00\\x01"
with socket.socket(type=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as client:
    client.settimeout(5)
    client.connect(("{RESOLVER}", 53))
    client.send(len(query).to_bytes(2, "big") + query if tcp else query)
    print(socket.inet_ntoa(client.recv(4096)[-4:]))
"""
