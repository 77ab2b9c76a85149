"""Open ports on this computer, as security groups and Elastic IPs say."""

import contextlib
import os
import socket
import subprocess
import sys
import threading

import pytest
from websockets.sync.client import connect as websocket
from websockets.sync.server import serve

from workbench.rehearsal.network import forwarder as module
from workbench.rehearsal.network.forwarder import Forwarder
from workbench.rehearsal.network.rules import Rule
from workbench.rehearsal.network.sockets import listen_tcp

ANYWHERE = ("0.0.0.0/0",)
LIMIT = 10


class Target:
    """A server that says its name, then answers each line in capitals, until the end."""

    def __init__(self, name=b"one"):
        self.name = name
        self.socket = listen_tcp("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.peers_gone = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(self.name + b"\n")
            while data := connection.recv(65536):
                connection.sendall(data.upper())
            connection.sendall(b"end\n")
        self.peers_gone.release()

    def close(self):
        # close() alone doesn't wake the thread that waits in accept().
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def target():
    target = Target()
    yield target
    target.close()


@pytest.fixture
def forwarder():
    forwarder = Forwarder()
    yield forwarder
    forwarder.stop()


@pytest.fixture
def ip(worker_id_number):
    """An address that no other test of this run listens on."""
    return f"127.77.{worker_id_number}.1"


@pytest.fixture
def localhost(worker_id_number, monkeypatch):
    """An address in 127.0.0.1's place, whose 80 and 443 other rehearsals come and go on."""
    address = f"127.77.{worker_id_number}.2"
    monkeypatch.setattr(module, "BROWSER_ADDRESS", address)
    return address


@pytest.fixture
def worker_id_number():
    return os.getpid() % 200 + 1


@pytest.fixture
def free_port():
    with contextlib.closing(listen_tcp("0.0.0.0", 0)) as taken:
        return taken.getsockname()[1]


def rule(ip, port, target, cidrs=ANYWHERE):
    return Rule(ip, port, cidrs, "127.0.0.1", target.port)


def connect(ip, port, source="127.0.0.1"):
    return socket.create_connection((ip, port), timeout=LIMIT, source_address=(source, 0))


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(1)
        assert data, f"ended after {line!r}"
        line += data
    return line.strip()


def read_all(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def assert_reset(connection):
    with pytest.raises(ConnectionResetError):
        assert connection.recv(1)


def test_a_rule_opens_its_port_and_closes_it_when_it_goes(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    with connect(ip, free_port) as connection:
        assert read_line(connection) == b"one"
    forwarder.apply([])
    with pytest.raises(ConnectionRefusedError):
        connect(ip, free_port)


def test_only_the_port_that_a_rule_names_is_open(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    for address, port in ((ip, free_port + 1), ("127.78.1.1", free_port)):
        with pytest.raises(ConnectionRefusedError):
            connect(address, port)


def test_a_side_that_has_finished_sending_still_gets_the_answer(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    with connect(ip, free_port) as connection:
        sender = threading.Thread(
            target=lambda: (
                connection.sendall(b"x" * 3_000_000),
                connection.shutdown(socket.SHUT_WR),
            )
        )
        sender.start()
        assert read_all(connection) == b"one\n" + b"X" * 3_000_000 + b"end\n"
        sender.join()


def test_a_silent_connection_ends_where_a_rule_says_so(forwarder, target, ip, free_port):
    silent = Rule(ip, free_port, ANYWHERE, "127.0.0.1", target.port, idle=0.5)
    forwarder.apply([silent])
    with connect(ip, free_port) as connection:
        assert read_line(connection) == b"one"
        for _ in range(4):
            # Whoever says something now and then keeps theirs.
            connection.sendall(b"a\n")
            assert read_line(connection) == b"A"
            assert not target.peers_gone.acquire(timeout=0.2)
        assert target.peers_gone.acquire(timeout=LIMIT)


def test_the_target_hears_when_the_client_breaks_off(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    connection = connect(ip, free_port)
    assert read_line(connection) == b"one"
    connection.close()
    assert target.peers_gone.acquire(timeout=LIMIT)


def test_a_peer_outside_the_blocks_is_cut_off(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target, ("127.0.0.7/32",))])
    with connect(ip, free_port, "127.0.0.7") as allowed:
        assert read_line(allowed) == b"one"
    with pytest.raises(ConnectionResetError), connect(ip, free_port, "127.0.0.8") as refused:
        refused.recv(1)


def test_what_any_of_several_rules_allows_is_allowed(forwarder, target, ip, free_port):
    rules = [rule(ip, free_port, target, (f"127.0.0.{host}/32",)) for host in (7, 8)]
    (listening,) = forwarder.apply(rules)
    assert listening.rule.cidrs == ("127.0.0.7/32", "127.0.0.8/32")
    for source in ("127.0.0.7", "127.0.0.8"):
        with connect(ip, free_port, source) as connection:
            assert read_line(connection) == b"one"


def test_ipv6_blocks_are_understood_and_wrong_ones_refused_as_a_whole(
    forwarder, target, ip, free_port
):
    forwarder.apply([rule(ip, free_port, target, ("::/0", "0.0.0.0/0"))])
    with pytest.raises(ValueError, match="anywhere"):
        forwarder.apply([rule(ip, free_port, target, ("anywhere",))])
    with connect(ip, free_port) as connection:
        assert read_line(connection) == b"one"


def test_a_rule_that_goes_takes_its_live_connections_along(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    with connect(ip, free_port) as connection:
        assert read_line(connection) == b"one"
        forwarder.apply([])
        assert_reset(connection)
    assert target.peers_gone.acquire(timeout=LIMIT)


def test_narrower_blocks_cut_off_only_who_is_outside_now(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    with (
        connect(ip, free_port, "127.0.0.7") as stays,
        connect(ip, free_port, "127.0.0.8") as goes,
    ):
        assert read_line(stays) == read_line(goes) == b"one"
        forwarder.apply([rule(ip, free_port, target, ("127.0.0.7/32",))])
        assert_reset(goes)
        stays.sendall(b"still here\n")
        assert read_line(stays) == b"STILL HERE"


def test_a_new_target_is_followed_and_other_rules_are_left_alone(forwarder, target, free_port):
    other = Target(b"two")
    own, unrelated = "127.77.201.1", "127.77.202.1"
    try:
        forwarder.apply([rule(own, free_port, target), rule(unrelated, free_port, target)])
        with connect(own, free_port) as moved, connect(unrelated, free_port) as kept:
            assert read_line(moved) == read_line(kept) == b"one"
            forwarder.apply([rule(own, free_port, other), rule(unrelated, free_port, target)])
            assert_reset(moved)
            kept.sendall(b"kept\n")
            assert read_line(kept) == b"KEPT"
        with connect(own, free_port) as connection:
            assert read_line(connection) == b"two"
    finally:
        other.close()


def test_applying_the_same_rules_again_changes_nothing(forwarder, target, ip, free_port):
    first = forwarder.apply([rule(ip, free_port, target)])
    with connect(ip, free_port) as connection:
        assert read_line(connection) == b"one"
        assert forwarder.apply([rule(ip, free_port, target)]) == first
        connection.sendall(b"on\n")
        assert read_line(connection) == b"ON"


def test_a_target_that_does_not_answer_resets_the_client(forwarder, target, ip, free_port):
    target.close()
    forwarder.apply([rule(ip, free_port, target)])
    with pytest.raises(ConnectionResetError), connect(ip, free_port) as connection:
        connection.recv(1)


def test_a_taken_port_moves_to_another_and_says_who_has_it(forwarder, target, ip, free_port):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, ip, str(free_port)], stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout.readline() == b"listening\n"
            (listening,) = forwarder.apply([rule(ip, free_port, target)])
        finally:
            holder.kill()
    assert listening.port not in (None, free_port)
    assert f"(process {holder.pid})" in listening.taken_by
    assert forwarder.addresses() == {ip: {str(free_port): listening.port}}
    with connect(ip, listening.port) as connection:
        assert read_line(connection) == b"one"


HOLDER = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("listening", flush=True)
sys.stdin.read()
server.accept()
"""


def test_an_address_that_is_not_here_is_a_problem_that_is_told(forwarder, target, free_port):
    (listening,) = forwarder.apply([rule("192.0.2.77", free_port, target)])
    assert listening.port is None
    assert "192.0.2.77" in listening.problem
    assert forwarder.addresses() == {}


def test_a_browser_finds_80_and_443_on_localhost_and_keeps_finding_them_there(
    target, ip, localhost
):
    forwarder = Forwarder()
    rules = [rule(ip, 80, target), rule(ip, 443, target), rule(ip, 22, target)]
    try:
        forwarder.apply(rules)
        ports = forwarder.browser()
        assert set(ports[ip]) == {"80", "443"}
        for port in ports[ip].values():
            with connect(localhost, port) as connection:
                assert read_line(connection) == b"one"
        forwarder.apply([])
        for port in ports[ip].values():
            with pytest.raises(ConnectionRefusedError):
                connect(localhost, port)
        forwarder.apply(rules)
        assert forwarder.browser() == ports
    finally:
        forwarder.stop()


def test_an_alias_takes_the_port_it_had_in_an_earlier_run(target, ip, localhost, free_port):
    forwarder = Forwarder({ip: {"443": free_port}})
    try:
        forwarder.apply([rule(ip, 443, target)])
        assert forwarder.browser() == {ip: {"443": free_port}}
    finally:
        forwarder.stop()


def test_two_addresses_have_aliases_of_their_own(forwarder, target, localhost):
    forwarder.apply([rule("127.77.203.1", 443, target), rule("127.77.203.2", 443, target)])
    ports = [ports["443"] for ports in forwarder.browser().values()]
    assert len(set(ports)) == 2


def test_many_connections_at_once(forwarder, target, ip, free_port):
    forwarder.apply([rule(ip, free_port, target)])
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(ip, free_port)) for _ in range(300)]
        for number, connection in enumerate(connections):
            connection.sendall(b"n%d\n" % number)
        for number, connection in enumerate(connections):
            assert read_line(connection) == b"one"
            assert read_line(connection) == b"N%d" % number


def test_websockets_pass(forwarder, ip, free_port):
    def shout(connection):
        for message in connection:
            connection.send(message.upper())

    with serve(shout, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        forwarder.apply([Rule(ip, free_port, ANYWHERE, "127.0.0.1", port)])
        with websocket(f"ws://{ip}:{free_port}/", proxy=None) as client:
            for message in ("hello", "x" * 1_000_000):
                client.send(message)
                assert client.recv(timeout=LIMIT) == message.upper()
        server.shutdown()
        thread.join()


def test_stopping_twice_is_fine_and_leaves_nothing_listening(target, ip, free_port):
    forwarder = Forwarder()
    forwarder.apply([rule(ip, free_port, target)])
    forwarder.stop()
    forwarder.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(ip, free_port)
