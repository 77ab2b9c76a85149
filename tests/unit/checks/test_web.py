"""Pages are checked over real HTTPS, by name, at whatever address they are."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography import x509

from workbench.checks import certificate
from workbench.checks import web
from workbench.checks.http import BROWSER
from workbench.checks.http import client
from workbench.checks.target import Target
from workbench.configured import Configured

MakeSite = Callable[..., Target]
NAME = "bench.example"
BASE = f"https://{NAME}"
HUB_FORM = '<form action="/jupyter/hub/login"><input name="_xsrf" value="2|abc"/></form>'


def redirect(location: str, status: int = 302) -> tuple[int, dict[str, str], str]:
    return status, {"Location": location}, ""


def form(request: Any) -> dict[str, str]:
    """Return what was filled into a form."""
    return dict(parse_qsl(request.body))


def page(body: str) -> tuple[int, dict[str, str], str]:
    return 200, {}, body


def test_requests_go_to_the_address_under_the_sites_name(
    make_site: MakeSite, requests: list[Any]
) -> None:
    with client(make_site({"/": page("hello")})) as http:
        answer = http.get(f"{BASE}/")
    assert answer.text == "hello"
    assert answer.headers["X-Host"] == "bench.example"
    assert str(answer.url) == f"{BASE}/"
    (request,) = requests
    assert request.headers["User-Agent"] == BROWSER


def test_a_port_in_an_address_is_the_servers(make_site: MakeSite) -> None:
    site = make_site({"/": page("by 8443")}, http={"/": page("by 8080")})
    moved = {8443: site.where.port(443), 8080: site.where.port(80)}
    with client(replace(site, address=replace(site.where, ports=moved))) as http:
        assert http.get(f"{BASE}:8443/").text == "by 8443"
        assert http.get(f"http://{NAME}:8080/").text == "by 8080"


def test_what_is_sent_arrives(make_site: MakeSite, requests: list[Any]) -> None:
    with client(make_site({"POST /": page("")})) as http:
        http.post(f"{BASE}/", json={"a": 1}, headers={"X-A": "b"})
    (request,) = requests
    assert (request.asked, request.body, request.headers["X-A"]) == ("POST /", '{"a":1}', "b")


def test_without_an_authority_of_its_own_the_public_ones_are_trusted(make_site: MakeSite) -> None:
    found = certificate.check_chain(replace(make_site(), ca_certificate=None))
    assert found.evidence.startswith(
        f"the certificate of {NAME} is issued by Tests' root, and isn't trusted: "
    )


def test_the_chain_is_verified(make_site: MakeSite) -> None:
    found = certificate.check_chain(make_site())
    assert (found.result, found.evidence) == (
        "PASS",
        "bench.example verified, issued by Tests' root",
    )


def test_a_certificate_for_another_name_fails(make_site: MakeSite) -> None:
    found = certificate.check_chain(make_site(names=("other.example",)))
    assert found.result == "FAIL"
    assert found.evidence == "the certificate is for other.example, not for bench.example"


@pytest.mark.parametrize(
    ("named", "told"),
    [((), "no name"), (("a.example", "b.example"), "a.example, b.example")],
)
def test_whom_another_certificate_is_for_is_told(
    make_site: MakeSite, named: tuple[str, ...], told: str
) -> None:
    found = certificate.check_chain(make_site(names=named))
    assert found.evidence == f"the certificate is for {told}, not for bench.example"


@pytest.mark.parametrize(
    ("days", "age", "told"),
    [
        (-1.5, 60, r"expired on \d{4}-\d\d-\d\d, 1 days ago \(certificate has expired\)"),
        (60, -1, r"begins on \d{4}-\d\d-\d\d: is a clock wrong\? \(certificate is not yet valid\)"),
    ],
)
def test_a_certificate_of_another_time_fails(
    make_site: MakeSite, days: float, age: float, told: str
) -> None:
    found = certificate.check_chain(make_site(days=days, age=age))
    assert found.result == "FAIL"
    assert re.fullmatch(f"the certificate of bench.example {told}", found.evidence)


@pytest.mark.parametrize(
    ("kind", "issuer"),
    [(x509.NameOID.COMMON_NAME, "Someone"), (x509.NameOID.ORGANIZATION_NAME, "O=Someone")],
)
def test_who_issued_a_certificate_that_is_not_trusted_is_told(
    make_site: MakeSite, make_authority: Callable[..., Any], kind: Any, issuer: str
) -> None:
    found = certificate.check_chain(make_site(issuer=make_authority("Someone", kind)))
    assert found.result == "FAIL"
    assert found.evidence.startswith(
        f"the certificate of bench.example is issued by {issuer}, and isn't trusted: "
    )


def test_why_there_is_no_certificate_is_told(make_site: MakeSite, with_log: Any) -> None:
    site = make_site()
    plain = replace(site, address=replace(site.where, ports={443: site.where.port(80)}))
    refusal = {"identifier": "bench.example", "error": "something new"}
    found = certificate.check_chain(with_log(plain, refusal))
    assert (found.result, found.evidence, found.fix) == (
        "FAIL",
        "the server shows no certificate for bench.example: something new",
        "workbench logs caddy --stack {stack}",
    )


def test_each_service_and_person_with_a_name_of_their_own_has_a_certificate(
    make_site: MakeSite,
) -> None:
    named = (NAME, f"rstudio.{NAME}", f"ada.{NAME}")
    configured = Configured({"workbench:hostNamePerUser": "true"})
    found = certificate.check_chain(replace(make_site(names=named), configured=configured))
    assert found.evidence == f"{', '.join(named)} verified, issued by Tests' root"
    found = certificate.check_chain(replace(make_site(names=named[:2]), configured=configured))
    assert found.result == "FAIL"


# Of more than 90 days, 30 are enough; a tenth of that may pass before one says so.
@pytest.mark.parametrize(
    ("days", "result"), [(360, "PASS"), (31, "PASS"), (27, "PASS"), (26, "WARN"), (10, "WARN")]
)
def test_a_certificate_is_warned_of_when_its_renewal_is_overdue(
    make_site: MakeSite, days: float, result: str
) -> None:
    found = certificate.check_expiry(make_site(days=days + 0.5, age=90))
    assert (found.result, f"in {days} days" in found.evidence) == (result, True)


@pytest.mark.parametrize(
    ("answer", "result", "told"),
    [
        (redirect(f"{BASE}/jupyter/", 308), "PASS", f"308 {BASE}/jupyter/"),
        # A load balancer's.
        (redirect(f"{BASE}:443/jupyter/", 301), "PASS", f"301 {BASE}:443/jupyter/"),
        (redirect(f"{BASE}/jupyter/", 302), "FAIL", f"302 {BASE}/jupyter/"),
        (redirect(f"{BASE}/", 301), "FAIL", f"301 {BASE}/"),
        (page("plain"), "FAIL", "200"),
    ],
)
def test_http_must_lead_to_the_same_page_by_https(
    make_site: MakeSite, answer: tuple[int, dict[str, str], str], result: str, told: str
) -> None:
    found = web.check_redirect(make_site(http={"/jupyter/": answer}))
    assert (found.result, found.evidence) == (result, f"http://{NAME}/jupyter/ → {told}")


def test_without_a_service_that_has_pages_the_landing_page_must_be_https(
    make_site: MakeSite,
) -> None:
    site = make_site(http={"/": redirect(f"{BASE}/", 308)}, services=[])
    assert web.check_redirect(site).evidence == f"http://{NAME}/ → 308 {BASE}/"


@pytest.mark.parametrize(
    ("pages", "result", "told"),
    [
        ({"/": page('<a href="/jupyter/"> <a href="/rstudio/">')}, "PASS", "200"),
        ({"/": page('<a href="/jupyter/">')}, "FAIL", "200, without a link to /rstudio/"),
        ({}, "FAIL", "404"),
    ],
)
def test_the_landing_page_links_to_both(
    make_site: MakeSite, pages: dict[str, tuple[int, dict[str, str], str]], result: str, told: str
) -> None:
    found = web.check_landing(make_site(pages))
    assert (found.result, found.evidence) == (result, f"{BASE}/ → {told}")


@pytest.mark.parametrize(("status", "result"), [(200, "PASS"), (302, "PASS"), (400, "FAIL")])
def test_a_services_page_must_answer(make_site: MakeSite, status: int, result: str) -> None:
    (rstudio,) = (each for each in make_site().services if each.name == "rstudio")
    hello = replace(rstudio, name="hello", path="/hello/", has_own_host=False)
    found = web.check_page(hello, make_site({"/hello/": (status, {}, "")}))
    assert (found.result, found.evidence) == (result, f"{BASE}/hello/ → {status}")


def test_the_hub_says_its_version(make_site: MakeSite) -> None:
    found = web.check_hub(make_site({"/jupyter/hub/api": page('{"version": "6.1.1"}')}))
    assert (found.result, found.evidence.split()[:2]) == ("PASS", ["JupyterHub", "6.1.1"])


def test_a_hub_whose_api_does_not_answer_fails(make_site: MakeSite) -> None:
    found = web.check_hub(make_site({"/jupyter/hub/api": (503, {}, "")}))
    assert (found.result, found.evidence) == ("FAIL", f"{BASE}/jupyter/hub/api → 503")


@pytest.mark.parametrize(
    ("pages", "result", "evidence"),
    [
        (
            {
                "/jupyter": redirect("/jupyter/hub/"),
                "/jupyter/hub/": redirect("/jupyter/hub/login?next="),
                "/jupyter/hub/login": page(HUB_FORM),
            },
            "PASS",
            f"{BASE}/jupyter/hub/login",
        ),
        (
            {"/jupyter": redirect("http://bench.example/jupyter/")},
            "FAIL",
            f"{BASE}/jupyter redirects elsewhere, to http://bench.example/jupyter/",
        ),
        ({"/jupyter": redirect("/")}, "FAIL", f"{BASE}/jupyter redirects elsewhere, to {BASE}/"),
        ({"/jupyter": page("<form>")}, "FAIL", f"{BASE}/jupyter doesn't show a sign-in form"),
        ({"/jupyter": (502, {}, HUB_FORM)}, "FAIL", f"{BASE}/jupyter → 502"),
        ({"/jupyter": redirect("/jupyter")}, "FAIL", f"{BASE}/jupyter → 302"),
        # One that points nowhere.
        ({"/jupyter": (302, {}, "")}, "FAIL", f"{BASE}/jupyter → 302"),
    ],
)
def test_jupyterhub_must_stay_on_https_and_below_its_path(
    make_site: MakeSite, pages: Any, result: str, evidence: str
) -> None:
    found = web.check_hub_redirects(make_site(pages))
    assert (found.result, found.evidence) == (result, evidence)


@pytest.mark.parametrize(("status", "result"), [(403, "PASS"), (302, "FAIL")])
def test_a_wrong_password_must_be_refused(
    make_site: MakeSite, requests: list[Any], status: int, result: str
) -> None:
    pages = {"/jupyter/hub/login": page(HUB_FORM), "POST /jupyter/hub/login": (status, {}, "")}
    found = web.check_wrong_password(make_site(pages))
    assert found.result == result
    assert re.fullmatch(
        r"sign-in of nobody-[0-9a-f]{8} \(a made-up name: this computer knows no password\) "
        rf"with a wrong password → {status}",
        found.evidence,
    )
    (name,) = (form(each)["username"] for each in requests if each.asked.startswith("POST"))
    assert name in found.evidence


class KnownPerson(dict[str, Any]):
    """A hub that signs ada in once, and then answers as it is told; it notes the cookies."""

    def __init__(self, *answers: tuple[int, dict[str, str], str]) -> None:
        super().__init__({"/jupyter/hub/login": page(HUB_FORM)})
        self.answers = list(answers)

    def get(self, key: str, default: Any = None) -> Any:
        return self.answers.pop(0) if key.startswith("POST") else super().get(key, default)


SIGNED_IN = (302, {"Set-Cookie": "workbench-known-ada=x; Path=/jupyter/hub/"}, "")


@pytest.mark.parametrize(("status", "result"), [(403, "PASS"), (302, "FAIL"), (429, "FAIL")])
def test_a_wrong_password_is_tried_with_the_name_of_a_person_whose_right_one_is_known(
    make_site: MakeSite, requests: list[Any], status: int, result: str
) -> None:
    pages = KnownPerson(SIGNED_IN, (status, {}, ""))
    # As the hub's own cookies: with these, it wouldn't ask who it is.
    pages["/jupyter/hub/login"] = 200, {"Set-Cookie": "session=s; Path=/jupyter/hub/"}, HUB_FORM
    target = make_site(pages)
    found = web.check_wrong_password(replace(target, password=lambda user: f"{user}'s"))
    assert found.result == result
    assert found.evidence == f"sign-in of ada with a wrong password → {status}"
    first, again, second = requests[1:]
    right = {"username": "ada", "password": "ada's", "_xsrf": "2|abc"}
    assert form(first) == right
    wrong = form(second)
    assert wrong | {"password": "ada's"} == right
    assert len(wrong["password"]) == 16
    assert again.headers["Cookie"] == "workbench-known-ada=x"


@pytest.mark.parametrize("first", [(429, {}, ""), (302, {}, "")])
def test_a_person_who_would_be_kept_out_by_the_check_is_left_alone(
    make_site: MakeSite, first: tuple[int, dict[str, str], str]
) -> None:
    target = make_site(KnownPerson(first, (403, {}, "")))
    found = web.check_wrong_password(replace(target, password=lambda user: "secret"))
    assert found.result == "PASS"
    assert "nobody-" in found.evidence


RSTUDIO = {
    "/rstudio": redirect("/rstudio/", 308),
    "/rstudio/": redirect(f"{BASE}/rstudio/auth-sign-in?appUri=%2F"),
    "/rstudio/auth-sign-in": page("<form>"),
}


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({}, "PASS"),
        ({"/rstudio/": redirect("http://bench.example/rstudio/auth-sign-in")}, "FAIL"),
        ({"/rstudio/": redirect(f"{BASE}:8787/rstudio/auth-sign-in")}, "FAIL"),
        ({"/rstudio/": redirect("/auth-sign-in")}, "FAIL"),
        ({"/rstudio/auth-sign-in": page("Unable to connect")}, "FAIL"),
        ({"/rstudio/": redirect("/rstudio/")}, "FAIL"),
    ],
)
def test_rstudio_must_stay_on_https_and_below_its_path(
    make_site: MakeSite, change: dict[str, tuple[int, dict[str, str], str]], result: str
) -> None:
    assert web.check_rstudio(make_site(RSTUDIO | change)).result == result


def test_rstudio_may_have_a_host_name_of_its_own(make_site: MakeSite) -> None:
    own = f"https://rstudio.{NAME}/rstudio"
    pages = {"/rstudio": redirect(f"{own}/auth-sign-in"), "/rstudio/auth-sign-in": page("<form>")}
    site = make_site(pages, names=(NAME, f"rstudio.{NAME}"))
    assert web.check_rstudio(site).result == "FAIL"
    configured = Configured({"workbench:hostNamePerUser": "true"})
    found = web.check_rstudio(replace(site, configured=configured))
    assert (found.result, found.evidence) == ("PASS", f"{own}/auth-sign-in")
