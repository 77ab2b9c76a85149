"""What a person who has signed in can do to the rest of the server: nothing."""

from typing import Any

import pytest
from host_lab import Lab

CADDY_SOCKET = "/run/caddy/admin.sock"


@pytest.mark.parametrize("where", ["", f"--unix-socket {CADDY_SOCKET}"])
def test_a_person_does_not_reach_the_web_servers_own_configuration(lab: Lab, where: str) -> None:
    ask = f"curl -s -m 5 {where} http://localhost:2019/config/"
    # 7 is "could not connect".
    lab.run(f"runuser -u test-user -- {ask}", code=7)


def test_the_web_server_reads_a_new_configuration_without_a_restart(lab: Lab) -> None:
    before = lab.run("systemctl show -P MainPID caddy")
    acme: dict[str, Any] = lab.settings["acme"]
    for email in ("ann@example.org", None):
        lab.publish(acme=acme | {"email": email})
        lab.converge()
        shown = lab.run(f"curl -s --unix-socket {CADDY_SOCKET} -H 'Host;' http://caddy/config/")
        assert ("ann@example.org" in shown) is (email is not None)
    assert lab.run("systemctl show -P MainPID caddy") == before
