"""Open on this computer exactly the ports that the instances' security groups allow."""

import errno
import logging
import socket
import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping

from workbench.rehearsal.network.listener import Capacity
from workbench.rehearsal.network.listener import Listener
from workbench.rehearsal.network.listeners import holder
from workbench.rehearsal.network.loop import LoopThread
from workbench.rehearsal.network.rules import Key
from workbench.rehearsal.network.rules import Listening
from workbench.rehearsal.network.rules import Rule
from workbench.rehearsal.network.rules import merged
from workbench.rehearsal.network.sockets import listen_tcp
from workbench.rehearsal.network.sockets import raise_descriptor_limit

log = logging.getLogger(__name__)

# Where browsers find every name under .localhost (RFC 6761).
BROWSER_ADDRESS = "127.0.0.1"
BROWSER_PORTS = (80, 443)
# What people know as the other port for a service when its own is taken; others get 10000 more.
ALTERNATIVES = {22: 2222, 80: 8080, 443: 8443}
TRIES = 200


class Forwarder:
    """Listen where rules say, and pass on what comes from the addresses they allow.

    ``remembered`` is what ``browser`` returned in an earlier run: the same ports are
    taken again where they are free.
    """

    def __init__(self, remembered: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._remembered = {
            (ip, int(port)): chosen
            for ip, ports in (remembered or {}).items()
            for port, chosen in ports.items()
        }
        self._listeners: dict[Key, Listener] = {}
        self._aliases: dict[Key, Listener] = {}
        self._capacity = Capacity(max(64, (raise_descriptor_limit() - 512) // 2))
        self._applying = threading.Lock()
        self._thread = LoopThread("forwarder")

    def apply(self, rules: Iterable[Rule]) -> list[Listening]:
        """Make the open ports exactly those of ``rules``, and say where each answers.

        A port that is no longer named closes with its live connections; a rule whose target
        changed drops the connections to the old one; every other listener and connection is
        left alone.
        """
        wanted = list(merged(rules))
        with self._applying:
            return self._thread.run(self._apply(wanted))

    def listening(self) -> list[Listening]:
        """Return where each rule applied last answers."""
        return [listener.listening for listener in list(self._listeners.values())]

    def addresses(self) -> dict[str, dict[str, int]]:
        """Return, by public address, the port that answers there for each open TCP port."""
        return _by_address(self._listeners)

    def browser(self) -> dict[str, dict[str, int]]:
        """Return, by public address, the ports on 127.0.0.1 that point to its 80 and 443."""
        return _by_address(self._aliases)

    def stop(self) -> None:
        """Close every listener and connection. Twice is fine."""
        if not self._thread.loop.is_closed():
            self.apply([])
            self._thread.stop()

    async def _apply(self, rules: list[Rule]) -> list[Listening]:
        aliased = [rule for rule in rules if _has_alias(rule)]
        await _close_gone(self._listeners, rules)
        await _close_gone(self._aliases, aliased)
        for rule in rules:
            await self._ensure(self._listeners, rule, self._open_own)
        for rule in aliased:
            await self._ensure(self._aliases, rule, self._open_alias)
        return self.listening()

    async def _ensure(
        self,
        listeners: dict[Key, Listener],
        rule: Rule,
        open_listener: Callable[[Rule], Listener],
    ) -> None:
        listener = listeners.get(rule.key)
        if listener is not None and listener.listening.port is not None:
            listener.change(rule)
            return
        listeners[rule.key] = listener = open_listener(rule)
        await listener.start()

    def _open_own(self, rule: Rule) -> Listener:
        ports = list(_candidates(rule.listen_port))
        return self._open(rule, rule.listen_ip, ports)

    def _open_alias(self, rule: Rule) -> Listener:
        ports = list(_candidates(rule.listen_port))
        memory = (rule.listen_ip, rule.listen_port)
        if memory in self._remembered:
            ports.insert(0, self._remembered[memory])
        listener = self._open(rule, BROWSER_ADDRESS, ports)
        if listener.listening.port is not None:
            self._remembered[memory] = listener.listening.port
        return listener

    def _open(self, rule: Rule, ip: str, ports: list[int]) -> Listener:
        listening, opened = _listen(rule, ip, ports)
        if listening.problem:
            log.warning("%s:%d: %s", rule.listen_ip, rule.listen_port, listening.problem)
        return Listener(listening, opened, self._capacity)


def _listen(rule: Rule, ip: str, ports: list[int]) -> tuple[Listening, socket.socket | None]:
    taken_by, problem = None, ""
    for port in ports:
        try:
            opened = listen_tcp(ip, port)
        except OSError as error:
            problem = problem or f"can't listen on {ip}:{port}: {error.strerror}"
            if error.errno == errno.EADDRNOTAVAIL:
                break  # the address isn't this computer's: no other port of it is, either
            if port == rule.listen_port:
                taken_by = holder(ip, port)
            continue
        opened.setblocking(False)
        return Listening(rule, ip, port, taken_by), opened
    return Listening(rule, ip, None, taken_by, problem), None


def _candidates(port: int) -> Iterator[int]:
    yield port
    first = ALTERNATIVES.get(port, port + 10_000 if port <= 50_000 else port - 10_000)
    yield from range(first, min(first + TRIES, 65_536))


def _has_alias(rule: Rule) -> bool:
    return rule.listen_port in BROWSER_PORTS and rule.listen_ip != BROWSER_ADDRESS


async def _close_gone(listeners: dict[Key, Listener], rules: list[Rule]) -> None:
    named = {rule.key for rule in rules}
    for key in [key for key in listeners if key not in named]:
        await listeners.pop(key).close()


def _by_address(listeners: Mapping[Key, Listener]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for listener in list(listeners.values()):
        rule, port = listener.rule, listener.listening.port
        if port is not None:
            found.setdefault(rule.listen_ip, {})[str(rule.listen_port)] = port
    return found
