"""What a browser gets: redirects, the landing page, the services' pages and sign-ins."""

import secrets
from urllib.parse import urljoin

import httpx

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.http import client
from workbench.checks.http import site
from workbench.checks.hub import post_sign_in
from workbench.checks.target import Target
from workbench.host.service import Service

PERMANENT = (301, 308)


def check_redirect(target: Target) -> Outcome:
    """Check that http points to the same page by https."""
    page = f"{target.names[0]}{next((each.path for each in target.services if each.path), '/')}"
    with client(target) as http:
        answer = http.get(f"http://{page}")
    location = answer.headers.get("location", "")
    said = f"http://{page} → {answer.status_code} {location}".rstrip()
    # A load balancer writes the port, too.
    good = answer.status_code in PERMANENT and location.replace(":443/", "/") == f"https://{page}"
    return passed(said) if good else failed(said)


def check_landing(target: Target) -> Outcome:
    """Check that the landing page links to each service that has a card."""
    with client(target) as http:
        answer = http.get(f"{site(target)}/")
    cards = [str(each.path) for each in target.services if each.card]
    missing = [path for path in cards if path not in answer.text]
    said = f"{site(target)}/ → {answer.status_code}"
    if answer.status_code != httpx.codes.OK:
        return failed(said)
    return failed(f"{said}, without a link to {missing[0]}") if missing else passed(said)


def check_hub(target: Target) -> Outcome:
    """Check that JupyterHub's API answers."""
    url = f"{site(target)}/jupyter/hub/api"
    with client(target) as http:
        answer = http.get(url)
    if answer.status_code != httpx.codes.OK:
        return failed(f"{url} → {answer.status_code}")
    return passed(f"JupyterHub {answer.json()['version']} at {url}")


def check_hub_redirects(target: Target) -> Outcome:
    """Check that /jupyter and /jupyter/ point to the sign-in form, staying on https."""
    return _leads_to_sign_in(target, "/jupyter", '<form action="/jupyter/hub/login')


def check_wrong_password(target: Target) -> Outcome:
    """Check that JupyterHub refuses a person's name with a wrong password.

    The right one first, where this computer has it: a browser that has signed a name in has a count
    of its own, so checks never use up the guesses of the person. Else with a made-up name.
    """
    base = f"{site(target)}/jupyter"
    with client(target) as http:
        user = _known_browser(target, http, base)
        note = "" if user else " (a made-up name: this computer knows no password)"
        user = user or f"nobody-{secrets.token_hex(4)}"
        answer = post_sign_in(http, base, user, secrets.token_urlsafe(12))
    said = f"sign-in of {user}{note} with a wrong password → {answer.status_code}"
    return passed(said) if answer.status_code == httpx.codes.FORBIDDEN else failed(said)


def _known_browser(target: Target, http: httpx.Client, base: str) -> str:
    """Sign a person in and out again; return who it is, or nothing where that isn't possible."""
    people = target.known_people()
    if not people or post_sign_in(http, base, *people[0]).status_code != httpx.codes.FOUND:
        return ""
    user, _ = people[0]
    known = f"workbench-known-{user}"
    for cookie in list(http.cookies.jar):
        if cookie.name != known:
            http.cookies.delete(cookie.name)
    return user if known in http.cookies else ""


def check_rstudio(target: Target) -> Outcome:
    """Check that /rstudio and /rstudio/ point to RStudio's sign-in form, staying on https."""
    (rstudio,) = (each for each in target.services if each.name == "rstudio")
    return _leads_to_sign_in(target, "/rstudio", "<form", target.host_of(rstudio))


def check_page(service: Service, target: Target) -> Outcome:
    """Check that a service's page answers, through the web server."""
    url = f"https://{target.host_of(service)}{service.path}"
    with client(target) as http:
        answer = http.get(url)
    said = f"{url} → {answer.status_code}"
    return passed(said) if answer.status_code < httpx.codes.BAD_REQUEST else failed(said)


def _leads_to_sign_in(target: Target, path: str, form: str, host: str = "") -> Outcome:
    """Follow redirects from ``path``; each must stay at the site, on https, below the path.

    ``host`` is where the service is, if not at the site's own name.
    """
    base = site(target)
    allowed = (f"{base}{path}/", f"https://{host or target.names[0]}{path}")
    url = f"{base}{path}"
    with client(target) as http:
        for _ in range(8):
            answer = http.get(url)
            if not answer.has_redirect_location:
                break
            url = urljoin(url, answer.headers["location"])
            if not url.startswith(allowed):
                return failed(f"{answer.request.url} redirects elsewhere, to {url}")
    shown = url.partition("?")[0]
    if answer.status_code != httpx.codes.OK:
        return failed(f"{shown} → {answer.status_code}")
    return passed(shown) if form in answer.text else failed(f"{shown} doesn't show a sign-in form")
