"""The web ports: asked from this computer, and of the server itself where it can't be from here."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from workbench.checks import web_ports
from workbench.checks.certificate import read_certificate
from workbench.checks.check import run_checks
from workbench.checks.http import BROWSER
from workbench.checks.ports import Port
from workbench.checks.table import CHECKS
from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.checks.web_ports import check_web_ports
from workbench.checks.web_ports import find_out_of_reach
from workbench.errors import WorkbenchError

IP, FRONT, PRIVATE = "203.0.113.9", "203.0.113.80", "10.0.1.5"
OPEN, REFUSED, SILENT = (Port.OPEN, Port.OPEN), (Port.REFUSED,) * 2, (Port.SILENT,) * 2
WELL = "200 0\n302 0\n"
TUNNEL = "workbench ssh.tunnel jupyterhub --stack {stack}"
DROPPED = (
    ", which the security group opens: a network on the way, or the server itself, may drop it"
)
MakeSite = Callable[..., Target]


class Ec2:
    """Security groups by their rules: the server's (sg-1), and a load balancer's (sg-2)."""

    def __init__(self, **sources: str) -> None:
        self.sources = sources

    def describe_security_group_rules(self, Filters: list[Any]) -> dict[str, Any]:
        (group,) = Filters[0]["Values"]
        sources = self.sources[group.replace("-", "_")].split()
        rules = [_rule(port, source) for port in (22, 80, 443) for source in sources]
        return {"SecurityGroupRules": rules}


def _rule(port: int, source: str) -> dict[str, Any]:
    group = {"ReferencedGroupInfo": {"GroupId": source}}
    whom = group if source.startswith("sg-") else {"CidrIpv4": source}
    return {"IsEgress": False, "IpProtocol": "tcp", "FromPort": port, "ToPort": port} | whom


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a function that says how the ports answer."""

    def set_answers(web: tuple[Port, Port], *, ssh: Port = Port.SILENT) -> None:
        said = {False: web[0], True: web[1]}
        monkeypatch.setattr(web_ports, "probe_web", lambda ip, port, *, tls: said[tls])
        monkeypatch.setattr(
            web_ports, "probe", lambda ip, port: ssh if (ip, port) == (PRIVATE, 22) else None
        )

    return set_answers


def target(
    server: Any = None, *, ip: str = IP, sources: Any = None, own: str = "", **changes: Any
) -> Target:
    """Return a workbench; ``own`` is this computer's address, where someone tells it."""

    def own_address(towards: str) -> str:
        assert towards in (ip, FRONT)
        if not own:
            raise WorkbenchError("Nobody says.")
        return own

    outputs = {
        "domain": "lab.example",
        "names": ["lab.example"],
        "services": ["jupyterhub"],
        "security_group_id": "sg-1",
    }
    if "entrance" in changes:
        outputs["entrance"] = "lab.elb.example"
    groups = Ec2(**(sources or {"sg_1": "0.0.0.0/0"}))
    return Target(
        "tests",
        outputs,
        Address(ip),
        aws={"ec2": groups}.__getitem__,
        own_address=own_address,
        **({} if server is None else {"server": lambda: server}),
        **changes,
    )


@pytest.mark.parametrize(
    ("answers", "result", "evidence", "fix"),
    [
        (OPEN, "PASS", f"{IP} answers on 80 and 443", ""),
        (REFUSED, "FAIL", f"{IP} refuses 80, 443: no web server listens there", ""),
        (SILENT, "FAIL", f"{IP} doesn't answer on 80, 443{DROPPED}", web_ports.RESTART),
        (
            (Port.OPEN, Port.SILENT),
            "FAIL",
            f"{IP} doesn't answer on 443{DROPPED}",
            web_ports.RESTART,
        ),
    ],
)
def test_what_everyone_may_ask_has_to_answer(
    answering: Any, answers: tuple[Port, Port], result: str, evidence: str, fix: str
) -> None:
    answering(answers)
    found = check_web_ports(target(own="198.51.100.1"))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)


def test_they_are_asked_where_they_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()

    def probe_web(ip: str, port: int, *, tls: bool) -> Port:
        asked.add((ip, port, tls))
        return Port.OPEN

    monkeypatch.setattr(web_ports, "probe_web", probe_web)
    where = Address("127.8.7.6", {80: 8080, 443: 8443})
    assert check_web_ports(replace(target(), address=where)).result == "PASS"
    assert asked == {("127.8.7.6", 8080, False), ("127.8.7.6", 8443, True)}


@pytest.mark.parametrize("answers", [SILENT, REFUSED])
def test_a_private_server_whose_network_this_computer_is_not_in_is_asked_by_ssh(
    answering: Any, shell: Any, answers: tuple[Port, Port]
) -> None:
    # At home, something else may have that address.
    answering(answers)
    server = shell(for_page=WELL)
    private = target(server, ip="10.0.1.5", is_public=False, ssh_proxy=lambda: None)

    found = check_web_ports(private)

    why = "10.0.1.5 is private, and this computer isn't in its network: connect to its VPN, or open"
    assert (found.result, found.fix) == ("SKIP", TUNNEL)
    assert found.evidence.startswith(why)
    assert "; on the server itself the pages answer" in found.evidence
    ((command, _),) = server.asked
    assert f"-A '{BROWSER}'" in command
    assert "https://lab.example/ https://lab.example/jupyter" in command
    assert "--connect-to ::127.0.0.1:" in command
    # What needs the pages is not asked, and waits for nothing.
    awaited = [check for check in CHECKS if check.awaited]
    reports = {each.name: each for each in run_checks(awaited, private)}
    assert {each.result for each in reports.values()} == {"SKIP"}
    assert reports["jupyterhub"].evidence == "needs certificate"
    assert reports["web-ports"].fix == TUNNEL.format(stack="tests")
    # Nor is it when a status is read, which says the same.
    asked = len(server.asked)
    away = find_out_of_reach(private)
    assert away is not None
    told = away.told("tests")
    assert told.startswith(why)
    assert told.endswith(f"\n{TUNNEL.format(stack='tests')}")
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("shown", "result"), [("own", "PASS"), ("other", "SKIP"), ("none", "SKIP"), ("", "PASS")]
)
@pytest.mark.parametrize("name", ["bench.example", "127.0.0.1"])
def test_what_else_has_the_private_address_at_home_is_told_by_its_certificate(
    make_site: MakeSite, shell: Any, own_authority: Any, shown: str, result: str, name: str
) -> None:
    # No authority that this computer trusts vouches for it.
    known = {"domain": "", "services": ["jupyterhub"]}
    made = make_site(names=(name,), issuer=own_authority, **known)
    site = replace(made, outputs={**made.outputs, "names": [name]})
    seen = read_certificate(site, name, verify=False).public_bytes(Encoding.PEM).decode()
    if shown == "none":
        silent = site.where.ports | {443: 1}  # type: ignore[operator]
        site = replace(site, address=Address(site.where.ip, silent))
    elif shown == "other":
        other = make_site(names=(name,), issuer=own_authority, **known)
        site = replace(site, address=other.where)
    server = shell(openssl=seen if shown else "", for_page=WELL)
    found = check_web_ports(
        replace(site, server=lambda: server, is_public=False, ssh_proxy=lambda: None)
    )
    assert (found.result, found.blocks) == (result, result == "SKIP")
    which = f"-servername {name}" if name == "bench.example" else "-noservername"
    assert f" -connect 127.0.0.1:443 {which} <" in server.asked[0][0]


def test_what_an_authority_vouches_for_is_the_server(make_site: MakeSite, shell: Any) -> None:
    server = shell()
    site = replace(
        make_site(http={}),
        server=lambda: server,
        is_public=False,
        ssh_proxy=lambda: None,  # type: ignore[arg-type,return-value]
    )
    assert check_web_ports(site).result == "PASS"
    assert server.asked == []


@pytest.mark.parametrize("is_reached", [True, False])
def test_what_can_not_be_compared_by_ssh_is_taken_for_the_server(
    make_site: MakeSite, shell: Any, own_authority: Any, is_reached: bool
) -> None:
    # Over a VPN, its SSH is where its pages are; and SSH that doesn't answer has its own checks.
    server = shell()

    def unreachable() -> Any:
        raise WorkbenchError("SSH doesn't answer.")

    site = replace(
        make_site(issuer=own_authority),
        server=(lambda: server) if is_reached else unreachable,
        is_public=False,
        ssh_proxy=None if is_reached else (lambda: None),  # type: ignore[arg-type,return-value]
    )
    assert check_web_ports(site).result == "PASS"
    assert server.asked == []


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        ("200 0\n502 0\n", "on the server itself, https://lab.example/jupyter/ → 502"),
        ("200 0\n", "on the server itself, https://lab.example/jupyter/ → no answer"),
        ("000 7\n000 7\n", "on the server itself, https://lab.example/ → no answer"),
        ("200 0\n400 0\n", "on the server itself, https://lab.example/jupyter/ → 400"),
        ("200 0\n199 0\n", "on the server itself, https://lab.example/jupyter/ → 199"),
        ("", "on the server itself, https://lab.example/ → no answer"),
        # Where curl isn't there.
        (" 127\n 127\n", "on the server itself, https://lab.example/ → no answer"),
        (
            "000 35\n000 35\n",
            "the server shows no certificate for lab.example: Caddy hasn't received one yet",
        ),
    ],
)
def test_a_private_server_without_pages_fails_from_anywhere(
    answering: Any, shell: Any, said: str, evidence: str
) -> None:
    answering(SILENT)
    found = check_web_ports(target(shell(for_page=said), is_public=False))
    assert (found.result, found.evidence) == ("FAIL", evidence)


def test_where_ssh_does_not_answer_either_its_own_checks_say_why(answering: Any) -> None:
    answering(SILENT)
    found = check_web_ports(target(is_public=False))
    assert (found.result, found.fix, found.blocks) == ("SKIP", TUNNEL, True)
    assert found.evidence == (
        f"{IP} is private, and this computer isn't in its network: connect to its VPN, or open a"
        " tunnel to a page"
    )


def test_why_a_page_has_no_certificate_is_told(answering: Any, shell: Any) -> None:
    answering(SILENT)
    refusal = '{"identifier": "lab.example", "error": "something new"}'
    server = shell(for_page="000 35\n000 35\n", **{"sudo -n journalctl": refusal})
    found = check_web_ports(target(server, is_public=False))
    assert found.evidence == "the server shows no certificate for lab.example: something new"
    assert found.fix == "workbench logs caddy --stack {stack}"


def test_without_a_service_that_has_pages_the_tunnel_is_to_the_web_server(answering: Any) -> None:
    answering(SILENT)
    private = target(is_public=False)
    away = find_out_of_reach(replace(private, outputs={**private.outputs, "services": []}))
    assert away is not None
    assert away.fix == TUNNEL.replace("jupyterhub", "443")


def test_in_the_private_network_the_pages_have_to_answer(answering: Any) -> None:
    answering(SILENT, ssh=Port.OPEN)
    sources = {"sg_1": "10.0.0.0/16"}
    within = target(ip=PRIVATE, is_public=False, sources=sources, own="10.0.9.9")
    assert check_web_ports(within).result == "FAIL"


@pytest.mark.parametrize("sources", [{"sg_1": "0.0.0.0/0 10.0.0.0/8"}, {"sg_1": ""}])
def test_where_nobody_is_shut_out_it_does_not_matter_where_this_computer_is(
    answering: Any, sources: dict[str, str]
) -> None:
    # Another check says that the group opens nothing.
    answering(SILENT)
    assert check_web_ports(target(sources=sources)).result == "FAIL"


def test_every_range_that_is_let_in_is_named(answering: Any, shell: Any) -> None:
    answering(SILENT)
    ranges = {"sg_1": "192.0.2.0/24 198.51.100.0/24"}
    found = check_web_ports(target(shell(for_page=WELL), sources=ranges))
    assert f"{IP} lets in 192.0.2.0/24, 198.51.100.0/24 alone" in found.evidence


@pytest.mark.parametrize(
    ("own", "result", "here"),
    [
        ("198.51.100.1", "SKIP", "this computer (198.51.100.1)"),
        ("", "SKIP", "this computer"),
        ("192.0.2.7", "FAIL", ""),
    ],
)
@pytest.mark.parametrize(
    ("is_behind", "answers"), [(False, SILENT), (True, SILENT), (True, REFUSED)]
)
def test_ranges_without_this_computer_are_no_failure(
    answering: Any, shell: Any, own: str, result: str, here: str, is_behind: bool, answers: Any
) -> None:
    # In rehearsal, what is closed refuses.
    answering(answers)
    ranges = "192.0.2.0/24"
    sources = {"sg_1": "sg-2", "sg_2": ranges} if is_behind else {"sg_1": ranges}
    front = {"entrance": Address(FRONT), "is_public": False} if is_behind else {}
    found = check_web_ports(target(shell(for_page=WELL), sources=sources, own=own, **front))
    ip = FRONT if is_behind else IP
    assert found.result == result
    if result == "SKIP":
        why = f"{ip} lets in {ranges} alone (http_from), and not {here}: ask from there, or open"
        assert found.evidence.startswith(why)
        assert (found.fix, found.blocks) == (TUNNEL, True)


def test_whose_addresses_a_list_has_is_not_known(answering: Any, shell: Any) -> None:
    answering(SILENT)
    listed = target(shell(for_page=WELL), sources={"sg_1": "sg-9"}, own="198.51.100.1")
    found = check_web_ports(listed)
    assert (found.result, "lets in sg-9 alone" in found.evidence) == ("SKIP", True)


@pytest.mark.parametrize(
    ("status", "result", "fix"), [(503, "SKIP", web_ports.ISSUED), (301, "FAIL", "")]
)
def test_a_load_balancer_whose_certificate_is_pending_is_no_failure(
    make_site: MakeSite, shell: Any, status: int, result: str, fix: str
) -> None:
    known = {"entrance": "lab.elb.example", "services": ["jupyterhub"]}
    site = make_site(http={"/": (status, {}, "")}, **known)
    # Nothing listens for HTTPS.
    front = Address(site.where.ip, {80: site.where.port(80), 443: 1})
    pending = replace(site, entrance=front, server=lambda: shell(for_page=WELL))
    found = check_web_ports(pending)
    assert (found.result, found.fix, found.blocks) == (result, fix, result == "SKIP")
    if result == "SKIP":
        assert found.evidence == (
            "the load balancer has no HTTPS yet: its certificate isn't issued, and the program"
            " doesn't wait for it (wait_for_certificate); on the server itself the pages answer"
        )


def test_a_server_of_its_own_without_https_is_a_failure(make_site: MakeSite) -> None:
    site = make_site(http={"/": (503, {}, "")}, security_group_id="sg-1")
    alone = replace(
        site,
        address=Address(site.where.ip, {80: site.where.port(80), 443: 1}),
        aws={"ec2": Ec2(sg_1="0.0.0.0/0")}.__getitem__,
    )
    found = check_web_ports(alone)
    assert (found.result, found.evidence) == (
        "FAIL",
        "127.0.0.1 refuses 443: no web server listens there",
    )
