"""A workbench without a domain: the certificate of its address, or the server's own and why."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workbench.checks import certificate
from workbench.checks import http
from workbench.checks import kernels
from workbench.checks import refusals
from workbench.checks import web
from workbench.checks.target import Target
from workbench.configured import Configured

MakeTarget = Callable[..., Target]
ADDRESS = "127.0.0.1"
LOG = refusals.PROXY_LOG
LANDING = {"/": (200, {}, "/jupyter/ /rstudio/")}
# What Caddy's log holds of one that an authority didn't give.
REFUSED = {
    "logger": "tls.obtain",
    "msg": "could not get certificate from issuer",
    "identifier": ADDRESS,
    "error": "HTTP 400 urn:ietf:params:acme:error:connection - 203.0.113.7: Timeout during connect",
}


@pytest.fixture
def at_address(make_site: MakeTarget) -> MakeTarget:
    """Give a function that makes a site without a domain."""

    def make(*arguments: Any, **more: Any) -> Target:
        target = make_site(*arguments, **more, domain=None)
        return replace(target, outputs={**target.outputs, "names": []})

    return make


def test_the_address_has_a_certificate_that_verifies(at_address: MakeTarget) -> None:
    target = at_address(LANDING, names=(ADDRESS,))
    found = certificate.check_chain(target)
    assert (found.result, found.evidence) == ("PASS", "127.0.0.1 verified, issued by Tests' root")
    assert web.check_landing(target).result == "PASS"


def test_a_certificate_for_another_address_fails(at_address: MakeTarget) -> None:
    found = certificate.check_chain(at_address(names=("203.0.113.9",)))
    assert found.result == "FAIL"
    assert found.evidence == "the certificate is for 203.0.113.9, not for 127.0.0.1"


def test_an_expired_certificate_of_the_address_fails(at_address: MakeTarget) -> None:
    found = certificate.check_chain(at_address(names=(ADDRESS,), days=-1, age=7))
    assert (found.result, "expired" in found.evidence) == ("FAIL", True)


def test_the_servers_own_certificate_is_warned_of_with_the_reason(
    at_address: MakeTarget, with_log: MakeTarget, own_authority: Any
) -> None:
    site = at_address(LANDING, names=("localhost",), issuer=own_authority)
    target = with_log(site, REFUSED)
    found = certificate.check_chain(target)
    assert found.result == "WARN"
    assert found.evidence.startswith("127.0.0.1 has a self-signed certificate")
    assert found.evidence.endswith("at 127.0.0.1: 203.0.113.7: Timeout during connect")
    # All the same the pages are looked at, and nobody's password is sent.
    assert web.check_landing(target).result == "PASS"
    expiry = certificate.check_expiry(target)
    said = "the server renews its self-signed certificate itself"
    assert (expiry.result, expiry.evidence) == ("SKIP", said)
    object.__setattr__(target, "password", lambda user: "secret")
    found = kernels.check_kernels(target)
    assert (found.result, "proves nothing" in found.evidence) == ("SKIP", True)


def test_with_a_domain_the_servers_own_certificate_fails(
    make_site: MakeTarget, with_log: MakeTarget, own_authority: Any
) -> None:
    found = certificate.check_chain(with_log(make_site(issuer=own_authority)))
    assert (found.result, "hasn't received one yet" in found.evidence) == ("FAIL", True)
    assert found.fix == refusals.CONVERGE


def test_with_a_domain_the_expiry_of_a_certificate_that_nobody_trusts_is_not_told(
    make_site: MakeTarget, own_authority: Any
) -> None:
    with pytest.raises(ssl.SSLError):
        certificate.check_expiry(make_site(issuer=own_authority))


def test_with_a_domain_nothing_is_asked_of_a_server_that_nobody_trusts(
    make_site: MakeTarget, requests: list[Any], own_authority: Any
) -> None:
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        web.check_landing(make_site(LANDING, issuer=own_authority))
    assert requests == []


def test_a_server_that_proved_itself_is_held_to_it(
    at_address: MakeTarget, own_authority: Any
) -> None:
    target = at_address(LANDING, names=(ADDRESS,), issuer=own_authority)
    assert web.check_landing(target).result == "PASS"
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        web.check_landing(replace(target, verified=True))


# The age, and the time left, in days; a third of the lifetime is when Caddy renews.
@pytest.mark.parametrize(
    ("age", "days", "result", "told"),
    [
        (0.0, 6.66, "PASS", "in 6 days 15 hours, renewed with 2 days 5 hours left"),
        (0.5, 9.1, "PASS", "in 9 days 2 hours"),
        (4.3, 2.36, "PASS", "in 2 days 8 hours"),
        (1.4, 1.01, "PASS", "in 1 days 0 hours"),
        (1.4, 0.99, "PASS", "in 23 hours"),
        # From ten days on, by the day.
        (3.0, 7.0, "PASS", ", in 6 days"),
        (5.5, 1.16, "WARN", "renewing it is overdue"),
    ],
)
def test_a_short_lived_certificate_is_told_by_the_hour(
    at_address: MakeTarget, with_log: MakeTarget, age: float, days: float, result: str, told: str
) -> None:
    target = at_address(names=(ADDRESS,), days=days, age=age)
    found = certificate.check_expiry(with_log(target, REFUSED))
    assert (found.result, told in found.evidence) == (result, True), found.evidence
    assert ("Timeout during connect" in found.evidence) is (result == "WARN")
    assert found.fix == (refusals.CONVERGE if result == "WARN" else "")
    assert ("renewed with" in found.evidence) is (age + days < 10)


@pytest.mark.parametrize(
    ("error", "told", "fix"),
    [
        (
            REFUSED["error"],
            "the certificate authority can't reach the server at 127.0.0.1: 203.0.113.7: Timeout"
            " during connect",
            refusals.CONVERGE,
        ),
        (
            "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates (5) already"
            " issued, retry after 2026-12-01 10:00:00 UTC",
            "the certificate authority asks to wait: too many certificates (5) already issued,"
            " retry after 2026-12-01 10:00:00 UTC",
            refusals.CONVERGE,
        ),
        (
            "[127.0.0.1] creating new order: unknown profile name 'shortlived'; supported"
            " profiles: map[] (ca=https://acme.test/dir)",
            "the certificate authority doesn't offer short-lived certificates, which IP"
            " addresses need",
            refusals.UP,
        ),
        (
            "HTTP 400 urn:ietf:params:acme:error:rejectedIdentifier - not allowed by policy",
            "the certificate authority refuses one for 127.0.0.1: not allowed by policy",
            LOG,
        ),
        (
            "registering account [] with server: provisioning client: performing request: Get"
            ' "https://acme.test/dir": dial tcp: lookup acme.test: no such host',
            "the server can't reach the certificate authority: registering account [] with server:"
            ' provisioning client: performing request: Get "https://acme.test/dir": dial tcp:'
            " lookup acme.test: no such host",
            refusals.CONVERGE,
        ),
        ("[127.0.0.1] something new (ca=https://acme.test/dir)", "something new", LOG),
        ("x" * 160, "x" * 160, LOG),
        ("x" * 161, "x" * 160 + "…", LOG),
    ],
)
def test_a_refusal_is_told_in_plain_words(error: str, told: str, fix: str) -> None:
    said, command = refusals.explain(Target("tests"), ADDRESS, error)
    assert said == told
    assert command.endswith(fix)


def test_a_web_server_that_not_everyone_may_reach_is_named_as_the_cause() -> None:
    limited = Target("tests", configured=Configured({"workbench:httpFrom": '["10.0.0.0/8"]'}))
    assert refusals.explain(limited, ADDRESS, REFUSED["error"])[1] == refusals.OPEN_WEB
    opened = Target("tests", configured=Configured({"workbench:httpFrom": '["0.0.0.0/0"]'}))
    assert refusals.explain(opened, ADDRESS, REFUSED["error"])[1] == refusals.CONVERGE


def test_the_newest_refusal_of_the_very_name_counts(with_log: MakeTarget) -> None:
    unasked = Target("tests")
    other = REFUSED | {"identifier": "lab.test", "error": "another's"}
    older = REFUSED | {"error": "older"}
    silent = {key: value for key, value in REFUSED.items() if key != "error"}
    asked = with_log(unasked, older, REFUSED, other, silent)
    assert "Timeout" in refusals.read_refusal(asked, ADDRESS)[0]
    assert "hasn't received one yet" in refusals.read_refusal(with_log(unasked), ADDRESS)[0]
    assert refusals.read_refusal(unasked, ADDRESS) == (
        "the server can't be asked why",
        "workbench doctor --stack {stack}",
    )


def test_status_says_in_a_line_whether_browsers_trust_it(
    at_address: MakeTarget, with_log: MakeTarget, own_authority: Any
) -> None:
    trusted = at_address(names=(ADDRESS,), days=6, age=0.5)
    told = certificate.tell_certificate(trusted)
    assert told == f"trusted, {certificate.check_expiry(trusted).evidence}"
    target = at_address(names=("localhost",), issuer=own_authority)
    told = str(certificate.tell_certificate(with_log(target, REFUSED)))
    assert told.endswith("\nworkbench converge --stack tests")
    assert told.startswith("127.0.0.1 has a self-signed certificate")
    silent = replace(target, address=replace(target.where, ports={443: 1}))
    assert certificate.tell_certificate(silent) is None
    assert not http.is_trusted(silent)
