"""Pages are checked over real HTTPS, by name, at whatever address they are."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workbench.checks import certificate
from workbench.checks import web
from workbench.checks.http import client
from workbench.checks.target import Target

MakeSite = Callable[..., Target]
BASE = "https://bench.example"
HUB_FORM = '<form action="/jupyter/hub/login"><input name="_xsrf" value="2|abc"/></form>'


def redirect(location: str, status: int = 302) -> tuple[int, dict[str, str], str]:
    return status, {"Location": location}, ""


def page(body: str) -> tuple[int, dict[str, str], str]:
    return 200, {}, body


def test_requests_go_to_the_address_under_the_sites_name(make_site: MakeSite) -> None:
    with client(make_site({"/": page("hello")})) as http:
        answer = http.get(f"{BASE}/")
    assert answer.text == "hello"
    assert answer.headers["X-Host"] == "bench.example"
    assert str(answer.url) == f"{BASE}/"


def test_the_chain_is_verified(make_site: MakeSite) -> None:
    found = certificate.check_chain(make_site())
    assert (found.result, found.evidence) == (
        "PASS",
        "bench.example verified, issued by Tests' root",
    )


def test_a_certificate_for_another_name_fails(make_site: MakeSite) -> None:
    found = certificate.check_chain(make_site(names=("other.example",)))
    assert found.result == "FAIL"
    assert "bench.example" in found.evidence


def test_an_expired_certificate_fails(make_site: MakeSite) -> None:
    found = certificate.check_chain(make_site(days=-1))
    assert (found.result, "expired" in found.evidence) == ("FAIL", True)


@pytest.mark.parametrize(("days", "result"), [(60, "PASS"), (31, "PASS"), (10, "WARN")])
def test_a_certificate_is_warned_of_when_its_renewal_is_overdue(
    make_site: MakeSite, days: float, result: str
) -> None:
    found = certificate.check_expiry(make_site(days=days + 0.5))
    assert (found.result, f"in {days} days" in found.evidence) == (result, True)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (redirect(f"{BASE}/jupyter/", 308), "PASS"),
        (redirect(f"{BASE}/jupyter/", 302), "FAIL"),
        (redirect(f"{BASE}/", 301), "FAIL"),
        (page("plain"), "FAIL"),
    ],
)
def test_http_must_lead_to_the_same_page_by_https(
    make_site: MakeSite, answer: tuple[int, dict[str, str], str], result: str
) -> None:
    assert web.check_redirect(make_site(http={"/jupyter/": answer})).result == result


@pytest.mark.parametrize(
    ("pages", "result"),
    [
        ({"/": page('<a href="/jupyter/"> <a href="/rstudio/">')}, "PASS"),
        ({"/": page('<a href="/jupyter/">')}, "FAIL"),
        ({}, "FAIL"),
    ],
)
def test_the_landing_page_links_to_both(
    make_site: MakeSite, pages: dict[str, tuple[int, dict[str, str], str]], result: str
) -> None:
    assert web.check_landing(make_site(pages)).result == result


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
        ({"/jupyter": page("<form>")}, "FAIL", f"{BASE}/jupyter shows no sign-in form"),
        ({"/jupyter": (502, {}, HUB_FORM)}, "FAIL", f"{BASE}/jupyter → 502"),
        ({"/jupyter": redirect("/jupyter")}, "FAIL", f"{BASE}/jupyter → 302"),
    ],
)
def test_jupyterhub_must_stay_on_https_and_below_its_path(
    make_site: MakeSite, pages: Any, result: str, evidence: str
) -> None:
    found = web.check_hub_redirects(make_site(pages))
    assert (found.result, found.evidence) == (result, evidence)


@pytest.mark.parametrize(("status", "result"), [(403, "PASS"), (302, "FAIL")])
def test_a_wrong_password_must_be_refused(make_site: MakeSite, status: int, result: str) -> None:
    pages = {"/jupyter/hub/login": page(HUB_FORM), "POST /jupyter/hub/login": (status, {}, "")}
    found = web.check_wrong_password(make_site(pages))
    assert found.result == result
    assert re.fullmatch(
        r"sign-in of nobody-[0-9a-f]{8} \(made up: this computer signs nobody in\) "
        rf"with a wrong password → {status}",
        found.evidence,
    )


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
    make_site: MakeSite, status: int, result: str
) -> None:
    target = make_site(KnownPerson(SIGNED_IN, (status, {}, "")))
    found = web.check_wrong_password(replace(target, password=lambda user: f"{user}'s"))
    assert found.result == result
    assert found.evidence == f"sign-in of ada with a wrong password → {status}"


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
