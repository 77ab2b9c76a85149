"""What the web server is told: names of its own only, and for each person what is theirs."""

import json
import re
import subprocess
from ipaddress import ip_address
from ipaddress import ip_network
from typing import Any

import jinja2
import pytest

from workbench.host import places
from workbench.host.jupyter import origins
from workbench.host.run.rendering import TEMPLATES
from workbench.host.services import caddy
from workbench.host.settings import Settings
from workbench.host.system import instance

SETTINGS = {
    "version": 1,
    "name": "lab",
    "domain": "lab.test",
    "names": ["lab.test", "www.lab.test"],
    "administrator": {"name": "ubuntu", "public_keys": []},
    "users": [{"name": "ada", "public_keys": []}, {"name": "b_b", "public_keys": []}],
    "data_volume": {"id": "vol-1", "device": "/dev/sdf"},
}


NO_DOMAIN = {"domain": None, "names": [], "address": "203.0.113.7"}


def caddyfile(**more: Any) -> str:
    settings = Settings.parse(json.dumps(SETTINGS | more))
    template = jinja2.Template((TEMPLATES / "Caddyfile.j2").read_text())
    return template.render(
        settings=settings,
        places=places,
        address=None if settings.names else settings.address,
        own_name="localhost",
        names=origins.names(settings),
        services=caddy.routes(settings),
        hosts=origins.service_hosts(settings),
        people=origins.people(settings),
        gate=caddy.gate(settings),
        believed=caddy.believed(settings.entrance or (), "10.9.2.1"),
    )


def sites(text: str) -> list[str]:
    """Return the heads of the blocks, but for snippets and the first one."""
    return re.findall(r"^(?!\()(\S.*) \{$", text, flags=re.MULTILINE)


def test_plain_http_leads_to_names_of_its_own_only() -> None:
    named, others, *_ = sites(caddyfile())
    assert (named, others) == ("http://lab.test, http://www.lab.test", "http://")
    targets = re.findall(r"^\tredir (https\S+)", caddyfile(), flags=re.MULTILINE)
    assert targets == ["https://{host}{uri}", "https://lab.test{uri}"]
    named, others, *_ = sites(caddyfile(**NO_DOMAIN))
    assert (named, others) == ("http://203.0.113.7", "http://")


def block(text: str, head: str) -> str:
    return text[text.index(f"\n{head} {{") :].partition("\n}")[0]


def test_without_a_domain_the_address_gets_a_short_lived_certificate() -> None:
    text = caddyfile(**NO_DOMAIN)
    assert "import certificate" in block(text, "https://203.0.113.7")
    assert "profile shortlived" in block(text, "(certificate)")
    assert "profile" not in caddyfile()


def test_without_a_domain_the_servers_own_certificate_answers_where_there_is_no_other() -> None:
    text = caddyfile(**NO_DOMAIN)
    assert "tls internal" in block(text, "https://localhost, https://")
    # Each with its blank: without one, Caddy has no second certificate for a bare address.
    assert 'default_sni "203.0.113.7 "\n' in text
    assert 'fallback_sni "localhost "\n' in text
    assert "_sni" not in caddyfile()


def test_a_server_that_knows_no_address_of_its_own_still_answers() -> None:
    text = caddyfile(**NO_DOMAIN | {"address": None})
    assert sites(text) == ["http://localhost", "http://", "https://localhost, https://"]
    assert 'default_sni "localhost "' in text


def test_without_host_names_for_people_there_is_one_site() -> None:
    assert sites(caddyfile())[2:] == ["lab.test, www.lab.test"]
    assert "user/ada" not in caddyfile()


def test_each_person_has_a_site_that_shows_their_server_only() -> None:
    text = caddyfile(host_name_per_user=True)
    assert sites(text)[:2] + sites(text)[4:] == [
        "ada.lab.test",
        "u-bb--12fe6dd.lab.test",
        "lab.test, www.lab.test",
        "rstudio.lab.test",
    ]
    theirs = text[text.index("\nada.lab.test {") : text.index("\n# b_b's")]
    assert "@server path /jupyter/user/ada /jupyter/user/ada/*" in theirs
    assert "redir https://lab.test{uri}" in theirs


def test_what_a_persons_site_imports_is_there_without_a_service_that_has_a_host() -> None:
    text = caddyfile(host_name_per_user=True, services=["jupyterhub"])
    imported = set(re.findall(r"^\timport ([\w-]+)", text, flags=re.MULTILINE))
    assert "hosts" in imported
    assert imported <= set(re.findall(r"^\(([\w-]+)\) \{", text, flags=re.MULTILINE))


def test_rstudio_at_a_host_of_its_own_may_be_an_extra_name() -> None:
    text = caddyfile(host_name_per_user=True, names=["lab.test", "rstudio.lab.test"])
    assert [site for site in sites(text) if site in ("lab.test", "rstudio.lab.test")] == [
        "lab.test",
        "rstudio.lab.test",
    ]
    (plain,) = (site for site in sites(text) if site.startswith("http://lab.test"))
    assert plain.split(", ").count("http://rstudio.lab.test") == 1


@pytest.mark.parametrize(("http3", "protocols"), [(False, "h1 h2"), (True, "h1 h2 h3")])
def test_http3_is_on_where_its_port_is_open(http3: bool, protocols: str) -> None:
    assert f"\t\tprotocols {protocols}\n" in caddyfile(http3=http3)


COOKIES = (
    'request_header Cookie "(^|; *)(__Host-)?(jupyterhub-|workbench-page|_xsrf)[^=;]*=[^;]*" ""'
)
DASH = {"path": "/dash/", "port": 805}
PUBLIC = {"path": "/public/", "socket": "/run/public/page.sock", "open": True}


def part(text: str, path: str) -> str:
    """Return what the web server does at a path."""
    return text[text.index(f"\thandle {path}* {{") :].partition("\n\t}\n")[0]


def test_a_page_is_for_people_who_have_signed_in() -> None:
    theirs = part(caddyfile(routes=[DASH]), "/dash/")
    steps = [line.strip() for line in theirs.splitlines() if line.startswith("\t\t\t")]
    order = [
        "import own_pages",
        # What a visitor says of themselves counts for nothing.
        "request_header -X-Workbench-User",
        "forward_auth unix//run/jupyterhub/hub.sock {",
        COOKIES,
        "reverse_proxy 127.0.0.1:805 {",
        "header_up X-Workbench-User {http.request.header.X-Workbench-User}",
    ]
    assert [step for step in steps if step in order] == order
    assert "uri /jupyter/hub/page-gate?path=/dash/" in steps


def test_an_open_page_is_for_everyone_and_still_only_from_pages_of_its_own() -> None:
    theirs = part(caddyfile(routes=[PUBLIC]), "/public/")
    assert "reverse_proxy unix//run/public/page.sock" in theirs
    assert "forward_auth" not in theirs
    assert COOKIES in theirs
    assert "import own_pages" in theirs
    assert "request_header -X-Workbench-User" in theirs


def test_a_path_without_its_slash_leads_to_it() -> None:
    assert "\tredir /dash /dash/ permanent\n" in caddyfile(routes=[DASH])


def test_a_page_whose_name_begins_as_a_services_isnt_taken_for_it() -> None:
    text = caddyfile(host_name_per_user=True, routes=[{**DASH, "path": "/rstudio-dash/"}])
    led = re.findall(r"^\tredir (/rstudio\S*) https://rstudio", text, flags=re.MULTILINE)
    assert led == ["/rstudio", "/rstudio/*"]


def test_without_pages_there_is_no_trace_of_them() -> None:
    assert "forward_auth" not in caddyfile()


ENTRANCE = {"entrance": {"cidr_blocks": ["10.9.1.0/24", "10.9.2.0/24"]}}


def test_the_load_balancer_is_believed_and_nobody_else() -> None:
    text = caddyfile(**ENTRANCE)
    (line,) = re.findall(r"trusted_proxies static (.*)", text)
    ranges = [ip_network(each) for each in line.split()]

    def is_believed(address: str) -> bool:
        return any(ip_address(address) in each for each in ranges)

    assert is_believed("10.9.1.7")
    assert is_believed("10.9.2.2")
    # The server itself is in one of them, with everyone who works on it.
    assert not is_believed("10.9.2.1")
    assert not is_believed("10.9.3.1")
    # From the end of the header: a visitor may have written its beginning.
    assert "trusted_proxies_strict" in text
    assert "trusted_proxies" not in caddyfile()


@pytest.mark.parametrize("said", [OSError("timed out"), ValueError("'' is no address")])
def test_nobody_is_believed_while_the_servers_own_address_is_unknown(
    said: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(path: str) -> str:
        raise said

    monkeypatch.setattr(instance, "metadata", unknown)
    settings = Settings.parse(json.dumps(SETTINGS | ENTRANCE))

    (command,) = caddy.caddyfile._inner(settings)  # type: ignore[attr-defined]

    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert str(said) in ended.stdout
    assert ended.stdout.endswith("workbench up\n")


def test_it_asks_no_authority_and_answers_a_client_that_names_no_server() -> None:
    text = caddyfile(**ENTRANCE)
    assert "issuer acme" not in text
    assert "tls internal" in block(text, "(certificate)")
    assert "https://localhost, https://" in sites(text)
    assert 'default_sni "localhost "' in text


def test_services_are_told_one_address_whose_request_it_is() -> None:
    for text in (caddyfile(), caddyfile(**ENTRANCE)):
        assert "header_up X-Forwarded-For {client_ip}" in block(text, "(visitor)")
        assert text.count("reverse_proxy ") == text.count("import visitor")
