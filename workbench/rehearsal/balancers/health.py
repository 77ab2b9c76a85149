"""Ask load balancers' targets whether they are well, as often as their groups say."""

import http.client
import ssl
import time
from dataclasses import dataclass

from workbench.rehearsal.balancers.front import Group
from workbench.rehearsal.balancers.front import Node
from workbench.rehearsal.balancers.front import Target

# What a target's health is in AWS: state, reason and words.
Health = tuple[str, str, str]
HEALTHY: Health = ("healthy", "", "")
AGENT = "ELB-HealthChecker/2.0"


@dataclass
class _Seen:
    state: str = "initial"
    failure: tuple[str, str] = ("", "")
    # Answers of one kind in a row.
    good: int = 0
    bad: int = 0
    due: float = 0.0


class HealthChecks:
    """What is known of targets' health."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Target], _Seen] = {}

    def check(self, group: Group, node: Node) -> dict[str, Health]:
        """Ask those targets that are due; return the health of all that were asked ever."""
        for target in group.targets:
            seen = self._seen.setdefault((group.arn, target), _Seen())
            if time.monotonic() >= seen.due:
                _note(seen, group, _ask(group, target, node))
                seen.due = time.monotonic() + group.interval
        return {
            target.instance_id: self._health(group, target)
            for target in group.targets
            if self._seen[group.arn, target].state != "initial"
        }

    def upstreams(self, group: Group) -> list[str]:
        """Return the targets that get requests: where none is healthy, all do."""
        reached = [each for each in group.targets if each.is_open]
        well = [each for each in reached if self._state(group, each) == "healthy"]
        return [f"{each.ip}:{each.port}" for each in well or reached]

    def _state(self, group: Group, target: Target) -> str:
        seen = self._seen.get((group.arn, target))
        return seen.state if seen else "initial"

    def _health(self, group: Group, target: Target) -> Health:
        seen = self._seen[group.arn, target]
        return HEALTHY if seen.state == "healthy" else ("unhealthy", *seen.failure)


def _note(seen: _Seen, group: Group, failure: tuple[str, str] | None) -> None:
    if failure is None:
        seen.good, seen.bad = seen.good + 1, 0
        # A new target is well after one good answer.
        if seen.state == "initial" or seen.good >= group.healthy_after:
            seen.state = "healthy"
        return
    seen.good, seen.bad, seen.failure = 0, seen.bad + 1, failure
    if seen.bad >= group.unhealthy_after:
        seen.state = "unhealthy"


def _ask(group: Group, target: Target, node: Node) -> tuple[str, str] | None:
    """Return why a target isn't well, None where it is."""
    if not target.is_open:
        return "Target.Timeout", "Request timed out"
    port = target.port if group.check_port == "traffic-port" else int(group.check_port)
    source, timeout = (node.private_ip, 0), group.timeout
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(
            target.ip, port, timeout=timeout, source_address=source, context=_any_certificate()
        )
        if group.check_tls
        else http.client.HTTPConnection(target.ip, port, timeout=timeout, source_address=source)
    )
    try:
        headers = {"Host": f"{target.ip}:{port}", "User-Agent": AGENT, "Connection": "close"}
        connection.request("GET", group.path, headers=headers)
        status = connection.getresponse().status
    except TimeoutError:
        return "Target.Timeout", "Request timed out"
    except (OSError, http.client.HTTPException):
        return "Target.FailedHealthChecks", "Health checks failed"
    finally:
        connection.close()
    if _is_among(status, group.codes):
        return None
    return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"


def _any_certificate() -> ssl.SSLContext:
    # A load balancer looks at no target's certificate.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _is_among(status: int, codes: str) -> bool:
    """Say whether a status is among AWS's "200", "200,302" or "200-399"."""
    for part in codes.split(","):
        first, _, last = part.strip().partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False
