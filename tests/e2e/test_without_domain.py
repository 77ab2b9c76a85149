"""A workbench without a domain, as `docs/rehearsal.md` makes it: HTTPS that browsers trust."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from bench import ROOT
from bench import Bench

DOMAIN = ("workbench:domain", "workbench:createZone")


@pytest.fixture
def nameless(bench: Bench) -> Iterator[Bench]:
    """Take the workbench's domain away, word for word as documented, and give it back."""
    text = (ROOT / "docs" / "rehearsal.md").read_text()
    section = re.search(r"## Without a domain\n.*?```console\n(.*?)```", text, re.S)
    assert section
    before = {key: bench.shell(f"pulumi config get {key}").stdout.strip() for key in DOMAIN}
    try:
        bench.shell(section[1], limit=1800)
        yield bench
    finally:
        for key, value in before.items():
            bench.shell(f"pulumi config set {key} {value}")
        bench.run("up", limit=1800)


def test_a_workbench_without_a_domain_is_trusted_at_its_address(nameless: Bench) -> None:
    status = nameless.status()
    url = f"https://{status['address']['ip']}/"
    # With the port where a browser on this computer finds it: one rehearsal has 443.
    here = status["url"]
    assert urlsplit(here).hostname == status["address"]["ip"]
    assert nameless.run("open").stdout == f"{here}\n"
    assert status["certificate"].startswith("trusted, expires")
    assert "in 6 days" in status["certificate"]
    results = {each["name"]: each for each in json.loads(nameless.run("check", "--json").stdout)}
    for name in ("certificate", "certificate-expiry", "https-redirect", "kernels", "server-names"):
        assert results[name]["result"] == "PASS", results[name]
    assert here in nameless.run("status").stdout
    hub = nameless.hub()
    assert "/jupyter/" in hub.http.get(url).text
    assert hub.sign_in(nameless.password()).status_code == 302
    hub.start_server()
    assert hub.run("python3", "print(6 * 7)").strip() == "42"
    nameless.shell("pulumi preview --expect-no-changes")
    # Nothing is left to do: the server knew its address from the start.
    assert "nothing to change" in " ".join(nameless.run("up").stdout.split())
