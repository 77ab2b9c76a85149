"""The web server: a current program with few rights, which takes the place of an older one."""

from collections.abc import Iterator
from typing import Any

import pytest
from host_lab import DOMAIN
from host_lab import Lab

CADDY_SOCKET = "/run/caddy/admin.sock"
SERVICES = "/var/lib/workbench/services.json"
STATE = "dpkg-query -W -f '${db:Status-Status}' caddy 2>/dev/null || true"
# As a server of before had it.
DROP_IN = "/etc/systemd/system/caddy.service.d/workbench.conf"
INSTALL = "apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends caddy"
# Without this, dpkg asks whose Caddyfile to take, and stops there.
KEEP = "-o Dpkg::Options::=--force-confold"


@pytest.fixture(scope="module", autouse=True)
def converged(lab: Lab) -> Iterator[None]:
    """Begin with a server in order, and leave it so."""
    lab.publish(**lab.first)
    lab.converge()
    yield
    lab.converge()


def test_the_web_server_is_the_locked_wheels(lab: Lab) -> None:
    version = lab.run("/opt/workbench/caddy/bin/caddy version").lstrip("v").partition(" ")[0]
    assert tuple(map(int, version.split("."))) >= (2, 11, 7)
    assert f'"version": "{version}"' in lab.run(f"cat {SERVICES}")
    running = lab.run("readlink /proc/$(systemctl show -P MainPID caddy)/exe")
    assert running == "/opt/workbench/caddy/bin/caddy"
    assert lab.run("stat -c '%U %a' /opt/workbench/caddy/bin/caddy") == "root 755"


def test_the_web_server_may_bind_its_ports_and_little_else(lab: Lab) -> None:
    process = "/proc/$(systemctl show -P MainPID caddy)"
    assert lab.run(f"stat -c %U {process}") == "caddy"
    # CAP_NET_BIND_SERVICE, the tenth, and no other.
    for kind in ("CapEff", "CapBnd", "CapAmb"):
        assert int(lab.run(f"awk '/^{kind}:/ {{print $2}}' {process}/status"), 16) == 1 << 10
    inside = "nsenter -t $(systemctl show -P MainPID caddy) -m setpriv --reuid caddy --clear-groups"
    lab.run("echo mine > /home/test-user/open && chmod 666 /home/test-user/open")
    for tried in ("cat /home/test-user/open", "touch /opt/workbench/landing/x", "touch /etc/x"):
        lab.run(f"{inside} --regid caddy {tried}", code=1)
    lab.run(f"{inside} --regid caddy touch /data/workbench/caddy/x")
    lab.run("rm /home/test-user/open /data/workbench/caddy/x")


def test_http3_is_not_offered_where_its_port_is_closed(lab: Lab) -> None:
    assert lab.run("ss -ulnH 'sport = :443'") == ""
    with lab.site().client() as http:
        assert "alt-svc" not in http.get(f"https://{DOMAIN}/").headers


def test_http3_is_offered_where_the_stack_opens_its_port(lab: Lab) -> None:
    lab.publish(http3=True)
    lab.converge()
    assert lab.run("ss -ulnH 'sport = :443'")
    with lab.site().client() as http:
        assert "h3=" in http.get(f"https://{DOMAIN}/").headers["alt-svc"]
    lab.publish(http3=False)
    lab.converge()
    assert lab.run("ss -ulnH 'sport = :443'") == ""


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", f"{DOMAIN}.evil.example"])
def test_plain_http_leads_to_no_name_but_its_own(lab: Lab, host: str) -> None:
    ask = f"curl -s -o /dev/null -w '%{{redirect_url}}' -H 'Host: {host}' http://127.0.0.1/a?b"
    assert lab.run(ask) == f"https://{DOMAIN}/a?b"


@pytest.mark.parametrize("path", ["/", "/jupyter/hub/login", "/rstudio/auth-sign-in", "/nope"])
def test_every_answer_has_each_header_once(lab: Lab, path: str) -> None:
    with lab.site().client() as http:
        headers = http.get(f"https://{DOMAIN}{path}").headers
    assert headers.get_list("strict-transport-security") == ["max-age=604800"]
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert len(headers.get_list("x-frame-options")) == 1
    assert len(headers.get_list("referrer-policy")) == 1
    assert not {"server", "via"} & set(headers)


FOREIGN = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize("path", ["/jupyter/hub/login", "/rstudio/auth-sign-in"])
def test_another_sites_page_may_lead_here_and_do_nothing_else(lab: Lab, path: str) -> None:
    with lab.site().client() as http:
        url = f"https://{DOMAIN}{path}"
        assert http.get(url, headers=LINK).status_code == 200
        assert http.get(url, headers=FOREIGN).status_code == 403
        assert http.post(url, headers=LINK).status_code == 403


def certificate(lab: Lab) -> str:
    """Return the number of the certificate that is shown."""
    return lab.run(
        f"echo | openssl s_client -connect 127.0.0.1:443 -servername {DOMAIN} 2>/dev/null"
        " | openssl x509 -noout -serial"
    )


@pytest.mark.parametrize(("options", "state"), [(KEEP, "installed"), ("", "unpacked")])
def test_the_distributions_web_server_gives_way_and_certificates_stay(
    lab: Lab, options: str, state: str
) -> None:
    before = certificate(lab)
    lab.run("systemctl stop caddy; rm -r /etc/systemd/system/caddy.service /opt/workbench/caddy")
    lab.run(f"DEBIAN_FRONTEND=noninteractive {INSTALL} {options} || true")
    assert lab.run(STATE) == state
    lab.run(f"printf '[Service]\\n' > {DROP_IN}")
    # Another server's account may have another number.
    lab.run("chown -R 4242:4242 /data/workbench/caddy")
    lab.converge()
    assert lab.run(STATE) in ("", "not-installed")
    assert lab.run(f"ls {DROP_IN} 2>/dev/null || true") == ""
    assert lab.run("find /data/workbench/caddy ! -user caddy") == ""
    assert "Penguin lab" in lab.run(f"curl -sk --resolve {DOMAIN}:443:127.0.0.1 https://{DOMAIN}/")
    assert certificate(lab) == before
    assert lab.converge()["changed"] == 0


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
