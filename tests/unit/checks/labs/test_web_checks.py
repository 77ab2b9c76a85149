"""The web, in lab 4: the right thing passes, and what only looks like it doesn't."""

import socket
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.http import BROWSER
from workbench.checks.kernels import CODE
from workbench.checks.labs import web
from workbench.checks.target import Address
from workbench.checks.target import Target

MakeSite = Callable[..., Target]
Pages = dict[str, tuple[int, dict[str, str], str]]
DOMAIN = "bench.example"
NGINX = 'LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=7,fd=5))\n'
SSHD = 'LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=3))\n'
MORE = "sg-ID opens more than the ports of SSH and the web"
HUB = 'LISTEN 0 128 127.0.0.1:8000 0.0.0.0:* users:(("node",pid=9,fd=5))\n'


def told(outcome: Outcome) -> str:
    return f"{outcome.result}: {outcome.evidence}"


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch, plain_moto: None) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("ec2", region_name="us-east-1")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([(22, "203.0.113.7/32"), (80, "0.0.0.0/0")], "PASS: sg-ID opens 22, 80"),
        ([(80, "0.0.0.0/0"), (443, "0.0.0.0/0")], "PASS: sg-ID opens 80, 443"),
        ([(22, "203.0.113.7/32")], "FAIL: sg-ID doesn't open port 80 to everyone"),
        # The authority asks from anywhere.
        ([(80, "203.0.113.7/32")], "FAIL: sg-ID doesn't open port 80 to everyone"),
        ([(22, "0.0.0.0/0"), (80, "0.0.0.0/0")], "FAIL: sg-ID opens port 22 to the whole internet"),
        ([(22, "::/0"), (80, "0.0.0.0/0")], "FAIL: sg-ID opens port 22 to the whole internet"),
        ([(80, "::/0"), (22, "a group")], "PASS: sg-ID opens 22, 80"),
        ([(80, "0.0.0.0/0"), (8000, "0.0.0.0/0")], f"FAIL: {MORE}: tcp 8000 to 8000"),
        ([(80, "0.0.0.0/0", 443)], f"FAIL: {MORE}: tcp 80 to 443"),
        ([(443, "0.0.0.0/0", 443, "udp")], f"FAIL: {MORE}: udp 443 to 443"),
    ],
)
def test_the_web_is_open_and_nothing_else(ec2: Any, rules: list[Any], said: str) -> None:
    group = ec2.create_security_group(GroupName="do4ds-lab", Description="lab")["GroupId"]
    for first, source, *more in rules:
        last, protocol = (more + [first, "tcp"][len(more) :])[:2]
        whom: dict[str, Any] = {"IpRanges": [{"CidrIp": source}]}
        if source == "a group":
            whom = {"UserIdGroupPairs": [{"GroupId": group}]}
        elif ":" in source:
            whom = {"Ipv6Ranges": [{"CidrIpv6": source}]}
        rule = {"IpProtocol": protocol, "FromPort": first, "ToPort": last} | whom
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    target = Target("labs", outputs={"security_group_id": group}, aws={"ec2": ec2}.__getitem__)

    assert told(web.check_doors(target)) == said.replace("sg-ID", group)


@pytest.mark.parametrize(
    ("listening", "unit", "state", "said"),
    [
        (
            NGINX,
            "nginx.service",
            "enabled",
            "PASS: port 80 is answered by nginx.service, which starts at each boot",
        ),
        (
            NGINX,
            "nginx.service",
            "disabled",
            "FAIL: port 80 is answered by nginx.service, which won't start at the next boot",
        ),
        # NGINX is stopped, and something else answers in its place.
        (
            NGINX,
            "session-3.scope",
            "",
            "FAIL: port 80 is answered by session-3.scope, which won't start at the next boot",
        ),
        ("", "", "", "FAIL: nothing listens on port 80 of the server"),
    ],
)
def test_what_answers_is_a_service(shell, listening, unit, state, said):
    server = shell(
        **{
            "sudo -n ss -Hltnp 'sport = :80'": listening,
            "sudo -n ps -o unit= -p 7": unit,
            "systemctl is-enabled": state,
        }
    )

    assert told(web.check_web_port(Target("labs", server=lambda: server))) == said


@pytest.mark.parametrize(
    ("listening", "said"),
    [
        (SSHD + NGINX + HUB, "PASS: the programs only listen on the server itself"),
        (
            SSHD + NGINX + HUB.replace("127.0.0.1:8000", "*:8000"),
            "FAIL: only the security group keeps others from these ports: 8000 (node)",
        ),
        (
            "LISTEN 0 5 *:8080 *:*\n" + HUB.replace("127.0.0.1:8000", "*:8000"),
            "FAIL: only the security group keeps others from these ports: 8000 (node),"
            " 8080 (someone)",
        ),
        (HUB.replace("127.0.0.1", "[::1]"), "PASS: the programs only listen on the server itself"),
        (
            HUB.replace("127.0.0.1", "10.0.0.4"),
            "FAIL: only the security group keeps others from these ports: 8000 (node)",
        ),
    ],
)
def test_only_the_proxy_listens_to_the_outside(shell, listening, said):
    server = shell(**{"sudo -n ss": listening})

    assert told(web.check_outside(Target("labs", server=lambda: server))) == said


def to(place: str) -> tuple[int, dict[str, str], str]:
    return 302, {"Location": place}, ""


WELL: Pages = {
    "/jupyter/hub/api": (200, {}, '{"version": "6.1.1"}'),
    "/jupyter": to("/jupyter/"),
    "/jupyter/": to("/jupyter/hub/login"),
    "/jupyter/hub/login": (200, {}, '<form action="/jupyter/hub/login">'),
    "/rstudio": to("/rstudio/"),
    "/rstudio/": to(f"http://{DOMAIN}/rstudio/auth-sign-in?appUri=%2F"),
    "/rstudio/auth-sign-in": (200, {}, "<form>"),
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: /jupyter is JupyterHub 6.1.1, /rstudio is RStudio Server"),
        # NGINX's welcome page, or any other program at the port, knows no such path.
        (
            {"/jupyter/hub/api": (404, {}, "")},
            "FAIL: http://bench.example/jupyter/hub/api → 404, which isn't JupyterHub's API",
        ),
        # A page for everything looks right in a browser's first line.
        (
            {"/jupyter/hub/api": (200, {}, "<h1>It works!</h1>")},
            "FAIL: http://bench.example/jupyter/hub/api → 200, which isn't JupyterHub's API",
        ),
        (
            {"/jupyter/hub/api": (200, {}, '["version"]')},
            "FAIL: http://bench.example/jupyter/hub/api → 200, which isn't JupyterHub's API",
        ),
        (
            {"/jupyter/hub/api": to("/api")},
            "FAIL: http://bench.example/jupyter/hub/api points elsewhere, to"
            " http://bench.example/api",
        ),
        (
            {"/jupyter/hub/api": to("/jupyter/api"), "/jupyter/api": WELL["/jupyter/hub/api"]},
            "PASS: /jupyter is JupyterHub 6.1.1, /rstudio is RStudio Server",
        ),
        (
            {"/rstudio": (502, {}, "auth-sign-in")},
            "FAIL: http://bench.example/rstudio → 502, not the sign-in page of /rstudio",
        ),
        (
            {"/rstudio": (200, {}, "<h1>It works!</h1>")},
            "FAIL: http://bench.example/rstudio → 200, not the sign-in page of /rstudio",
        ),
        # One that points nowhere.
        (
            {"/rstudio": (302, {}, "")},
            "FAIL: http://bench.example/rstudio → 302, not the sign-in page of /rstudio",
        ),
        # JupyterHub doesn't know its path.
        (
            {"/jupyter/": to("/hub/login")},
            "FAIL: http://bench.example/jupyter/ points elsewhere, to "
            "http://bench.example/hub/login",
        ),
        # RStudio doesn't, without X-RStudio-Root-Path.
        (
            {"/rstudio/": to("/auth-sign-in")},
            "FAIL: http://bench.example/rstudio/ points elsewhere, to "
            "http://bench.example/auth-sign-in",
        ),
        (
            {"/rstudio/": to("http://localhost:8787/rstudio/")},
            "FAIL: http://bench.example/rstudio/ points elsewhere, to "
            "http://localhost:8787/rstudio/",
        ),
        (
            {"/rstudio/": to("/rstudio")},
            "FAIL: http://bench.example/rstudio/ keeps redirecting to another page",
        ),
    ],
)
def test_each_program_is_below_its_path(
    make_site: MakeSite, requests: list[Any], changed: Pages, said: str
) -> None:
    site = make_site(http=WELL | changed)
    target = replace(site, resolve={DOMAIN: ["127.0.0.1"]}.__getitem__)

    assert told(web.check_paths(target)) == said
    # RStudio Server asks only browsers to sign in.
    assert {each.headers["User-Agent"] for each in requests} == {BROWSER}


def test_the_programs_may_be_at_https_whatever_the_certificate(
    make_site: MakeSite, own_authority: Any
) -> None:
    upgraded = {path: to(f"https://{DOMAIN}{path}") for path in ("/jupyter", "/rstudio")}
    upgraded["/jupyter/hub/api"] = to(f"https://{DOMAIN}/jupyter/hub/api")
    away = {"/rstudio/": to(f"https://{DOMAIN}/rstudio/auth-sign-in")}
    site = make_site(WELL | away, http=upgraded, issuer=own_authority)
    target = replace(site, resolve=lambda name: ["127.0.0.1"])
    assert told(web.check_paths(target)).startswith("PASS")


@pytest.mark.parametrize("domain", ["", DOMAIN])
def test_before_the_domain_points_to_it_the_server_is_asked_by_its_address(
    make_site: MakeSite, requests: list[Any], domain: str
) -> None:
    local = {"/rstudio/": to("/rstudio/auth-sign-in")}
    site = make_site(http=WELL | local, domain=domain)
    target = replace(site, resolve={DOMAIN: ["203.0.113.7"]}.__getitem__)
    assert told(web.check_paths(target)).startswith("PASS")
    assert {each.headers["Host"] for each in requests} == {"127.0.0.1"}


class Addresses:
    """EC2, with the lab's instance, and Elastic IPs."""

    def __init__(self, ip: str, *found: dict[str, str]) -> None:
        self.ip, self.found = ip, list(found)

    def describe_instances(self, **wanted: Any) -> Any:
        instance = {"InstanceId": "i-1", "PublicIpAddress": self.ip, "LaunchTime": ""}
        return {"Reservations": [{"Instances": [instance]}]}

    def describe_addresses(self) -> Any:
        return {"Addresses": self.found}


IP = "203.0.113.9"
ELSEWHERE = {"PublicIp": "203.0.113.1", "InstanceId": "i-2", "AssociationId": "a"}
IDLE = [{"PublicIp": f"203.0.113.{last}", "AllocationId": "b"} for last in (2, 3)]
CHANGES = f"FAIL: the server's address is {IP}, which is AWS's and changes"


@pytest.mark.parametrize(
    ("ec2", "said"),
    [
        (
            Addresses(IP, ELSEWHERE, {"PublicIp": IP, "InstanceId": "i-1", "AssociationId": "a"}),
            f"PASS: {IP} stays with i-1 when it is stopped",
        ),
        (Addresses(IP), CHANGES),
        (Addresses(IP, ELSEWHERE), CHANGES),
        (
            Addresses(IP, ELSEWHERE, *IDLE),
            f"{CHANGES}; 203.0.113.2, 203.0.113.3 points to no server, but costs money",
        ),
        (Addresses(""), "FAIL: the server's address is nothing"),
    ],
    ids=["the server's", "none", "another's", "idle", "no address"],
)
def test_the_address_is_the_readers_own(ec2, said):
    assert told(web.check_elastic_ip(Target("labs", aws={"ec2": ec2}.__getitem__))) == said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "PASS: bench.example and www.bench.example point to 203.0.113.9"),
        (
            {DOMAIN: ["203.0.113.7"]},
            "FAIL: bench.example points to 203.0.113.7, and the server is at 203.0.113.9",
        ),
        (
            {f"www.{DOMAIN}": []},
            "FAIL: www.bench.example points to nothing, and the server is at 203.0.113.9",
        ),
        # Half of those who ask would be sent to the old one.
        (
            {DOMAIN: ["203.0.113.7", "203.0.113.9"]},
            "FAIL: bench.example points to 203.0.113.7, 203.0.113.9, and the server is at"
            " 203.0.113.9",
        ),
    ],
)
def test_both_names_point_to_the_server(known, said):
    target = Target(
        "labs",
        outputs={"domain": DOMAIN, "names": [DOMAIN, f"www.{DOMAIN}"]},
        address=Address("203.0.113.9"),
        resolve=lambda name: known.get(name, ["203.0.113.9"]),
    )

    assert told(web.check_records(target)) == said


def test_without_a_domain_it_is_told_how_to_choose_one():
    for check in (web.check_records, web.check_certificate):
        outcome = check(Target("labs", outputs={"domain": "", "names": []}))

        assert (told(outcome), outcome.fix[:35]) == (
            "FAIL: no domain is set",
            "pulumi config set workbench:domain ",
        )


BOTH = (DOMAIN, f"www.{DOMAIN}")


@pytest.mark.parametrize(
    ("certified", "said"),
    [
        (BOTH, "PASS: bench.example, www.bench.example verified, issued by Tests' root"),
        ((DOMAIN,), "FAIL: the certificate is for bench.example, not for www.bench.example"),
        (("other.example",), "FAIL: the certificate is for other.example, not for bench.example"),
    ],
)
def test_both_names_have_a_certificate(make_site, certified, said):
    site = make_site(names=certified)
    target = replace(site, outputs={"domain": DOMAIN, "names": list(BOTH)})

    assert told(web.check_certificate(target)) == said


def test_a_certificate_that_the_server_made_itself_is_none(make_site, own_authority):
    site = make_site(names=BOTH, issuer=own_authority)
    outcome = web.check_certificate(replace(site, outputs={"domain": DOMAIN, "names": list(BOTH)}))

    assert outcome.result == "FAIL"


def test_plain_http_at_the_port_of_https_is_told(make_site):
    site = make_site()
    other = replace(site, address=Address("127.0.0.1", {443: site.where.port(80)}))

    assert told(web.check_certificate(other)) == "FAIL: what answers on port 443 doesn't use TLS"


def test_nothing_at_the_port_of_https_is_told(make_site):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    closed = replace(make_site(), address=Address("127.0.0.1", {443: port}))

    assert told(web.check_certificate(closed)) == "FAIL: nothing answers on port 443"


NGINX_UNIT, RUNS = "nginx.service", "enabled\nactive"
OPEN = passed("sg-1 opens 22, 80, 443")
SHUT = failed("sg-1 doesn't open port 80 to everyone")


@pytest.mark.parametrize(
    ("unit", "kept", "timer", "doors", "said"),
    [
        (
            NGINX_UNIT,
            "same",
            RUNS,
            OPEN,
            "PASS: certbot.timer makes certbot renew it, through port 80",
        ),
        (
            NGINX_UNIT,
            "same",
            "disabled\nactive",
            OPEN,
            "FAIL: no timer makes certbot renew it: it expires in 90 days",
        ),
        (
            NGINX_UNIT,
            "same",
            "enabled\ninactive",
            OPEN,
            "FAIL: no timer makes certbot renew it: it expires in 90 days",
        ),
        # It looks right for 90 days.
        (
            NGINX_UNIT,
            "FF",
            RUNS,
            OPEN,
            "FAIL: nginx.service uses a certificate that certbot doesn't manage and won't renew",
        ),
        (
            NGINX_UNIT,
            "",
            RUNS,
            OPEN,
            "FAIL: nginx.service uses a certificate that certbot doesn't manage and won't renew",
        ),
        (
            "nginx.service",
            "same",
            "enabled\nactive",
            SHUT,
            "FAIL: renewal would fail: sg-1 doesn't open port 80 to everyone",
        ),
        ("caddy.service", "", "", OPEN, "PASS: Caddy renews its certificates itself"),
    ],
)
def test_the_certificate_is_renewed(
    make_site, shell, monkeypatch, own_authority, unit, kept, timer, doors, said
):
    # Who issued it is another check's.
    site = make_site(issuer=own_authority)
    shown = web.read_certificate(site, DOMAIN, verify=False).serial_number
    server = shell(
        **{
            "sudo -n ss -Hltnp 'sport = :443'": NGINX,
            "sudo -n ps -o unit=": unit,
            "sudo -n openssl": f"serial={shown:X}" if kept == "same" else kept,
            "systemctl is-enabled certbot": timer,
        }
    )
    monkeypatch.setattr(web, "check_doors", lambda target: doors if target.stack else None)

    assert told(web.check_renewal(replace(site, server=lambda: server))) == said


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("42 test-user\n", "PASS: a kernel of test-user answers at https://bench.example/jupyter/"),
        ("42 root\n", "FAIL: the kernel answered '42 root'"),
        ("", "FAIL: the kernel answered ''"),
    ],
)
def test_a_kernel_runs_code_as_who_signed_in(monkeypatch, printed, said):
    target = Target("labs", outputs={"domain": DOMAIN}, password={"test-user": "right"}.__getitem__)

    @contextmanager
    def session(*who: Any) -> Iterator[Any]:
        assert who == (target, "test-user", "right")
        asked = {("python", CODE["python"]): printed}
        yield SimpleNamespace(run=lambda *words: asked[words])

    monkeypatch.setattr(web, "session", session)

    assert told(web.check_kernel_https(target)) == said


def test_without_the_password_nobody_signs_in(tmp_path):
    outcome = web.check_kernel_https(Target("labs", folder=tmp_path))

    assert told(outcome) == (
        f"FAIL: password.txt in {tmp_path} doesn't have the password of test-user"
    )
