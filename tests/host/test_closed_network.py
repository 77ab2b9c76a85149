"""A server with no route but to a proxy, or but to a mirror, becomes a workbench like any other."""

from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from closed_world import HELLO
from closed_world import MIRROR
from closed_world import MIRROR_PORT
from closed_world import PROXY_PORT
from closed_world import Mirror
from closed_world import Proxy
from closed_world import closed
from closed_world import upstream
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import OnBridge
from host_lab import at_hub
from host_lab import served
from test_environments import PASSWORD
from test_environments import PLACES
from test_environments import SCRIPT
from test_environments import USER
from test_environments import ssh

from workbench.rehearsal.endpoints.metadata import METADATA_ADDRESS
from workbench.rehearsal.endpoints.pebble import ACME_HOST

# What a person's programs do about the network, each by its own way to a proxy.
REACH = f"""
echo BEGIN
curl -s --max-time 20 http://{MIRROR}/hello; echo
python -c 'import urllib.request as u; print(u.urlopen("http://{MIRROR}/hello").read().decode())'
Rscript -e 'cat(readLines("http://{MIRROR}/hello", warn = FALSE)); cat("\\n")'
echo END
"""
AGAIN = "--quiet --force-reinstall --no-cache-dir"
CERTIFICATES = "/data/workbench/caddy/certificates"


@pytest.fixture(scope="module")
def gateway(lab: Lab) -> Iterator[str]:
    """Close the network, and give the address of proxy and mirror, all that is left."""
    network = lab.machines.ensure_network()
    here, bridge = network.gateway, network.bridge
    Mirror.upstream = upstream(lab)
    mirror = OnBridge(bridge, (here, MIRROR_PORT), Mirror)
    # What is bound to the bridge isn't reached from this computer itself, where the proxy is.
    local = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    Proxy.hosts = {MIRROR: ("127.0.0.1", local.server_port), ACME_HOST: (here, None)}
    proxy = OnBridge(bridge, (here, PROXY_PORT), Proxy)
    with served(mirror), served(local), served(proxy), closed(bridge):
        yield here


def replaced(lab: Lab, **changes: Any) -> None:
    """Make a new server, which is in the closed network from its first boot."""
    lab.publish(**changes)
    lab.run(f"rm -rf {CERTIFICATES}")
    Proxy.asked.clear()
    Mirror.asked.clear()
    lab.replace()
    end = lab.wait_converged()
    assert end["result"] == "ok", lab.failure()
    # There is no other way.
    beyond = Mirror.upstream["simple"]
    assert lab.run(f"curl -s --noproxy '*' --max-time 5 {beyond}/ || echo none") == "none"


def install(lab: Lab) -> None:
    """Install a Python and an R package as a person, and one of apt's as an administrator.

    Again, where another server on the same data volume did it before.
    """
    lab.run(f"workbench-passwd {USER}", stdin=PASSWORD + "\n")
    with at_hub(lab, PASSWORD) as hub:
        said = hub.run(
            "python3",
            f"get_ipython().run_line_magic('pip', 'install {AGAIN} cowsay')\n"
            "import cowsay; print('installed', cowsay.__name__)",
        )
        assert "installed cowsay" in said
        said = hub.run("ir", "install.packages('tiny', quiet = TRUE); cat('tiny', tiny::answer())")
        assert "tiny 42" in said
    ssh(
        lab, "uv pip install --quiet --reinstall --no-cache tabulate && python -c 'import tabulate'"
    )
    ssh(lab, f"echo {PASSWORD} | sudo -S apt-get -q -y update 2>&1")
    ssh(lab, f"echo {PASSWORD} | sudo -S apt-get -q -y install hello 2>&1")
    assert "Hello" in ssh(lab, "hello")


@pytest.fixture
def proxied(lab: Lab, gateway: str) -> str:
    """Have a server that reaches the proxy alone; give the proxy's address."""
    address = f"http://{gateway}:{PROXY_PORT}"
    proxy = {"address": address, "exceptions": []}
    cran = f"http://{MIRROR}/cran/{{codename}}/{{snapshot}}"
    if lab.settings.get("proxy") != proxy:
        replaced(lab, proxy=proxy, mirrors={"cran": cran})
    lab.run(f"workbench-passwd {USER}", stdin=PASSWORD + "\n")
    return address


def test_by_a_proxy_alone(lab: Lab, proxied: str) -> None:
    # The certificate, too, came by it; the recipe and the metadata didn't.
    assert ACME_HOST in Proxy.asked
    assert not {each for each in Proxy.asked if "amazonaws" in each or each == METADATA_ADDRESS}
    lab.run(f"ls {CERTIFICATES}/*/{DOMAIN}/{DOMAIN}.crt")
    install(lab)
    archives = {urlsplit(Mirror.upstream[kind]).hostname for kind in ("simple", "debian")}
    assert {MIRROR, *archives} <= Proxy.asked
    kept = ssh(lab, f"echo {PASSWORD} | sudo -S printenv https_proxy 2>/dev/null")
    assert kept.strip() == proxied
    lab.run("visudo --check --quiet")
    assert lab.converge()["changed"] == 0


def test_the_proxy_is_there_wherever_a_person_is(lab: Lab, proxied: str) -> None:
    lab.run(f"cat > {SCRIPT}", stdin=REACH)
    ssh(lab, "crontab -", stdin=f"* * * * * bash {SCRIPT} > ~/of-cron 2>&1\n")
    try:
        with at_hub(lab, PASSWORD) as hub:
            for place, ask in PLACES.items():
                assert ask(lab, hub).count(HELLO) == 3, place
    finally:
        ssh(lab, "crontab -r; rm -f ~/of-cron")


def test_what_the_configuration_lists_comes_by_the_proxy(lab: Lab, proxied: str) -> None:
    lab.publish(packages={"base": [], "apt": ["librecode0"], "python": ["art"], "r": ["tiny"]})
    lab.converge()
    read = "cat /var/lib/workbench/packages.json 2>/dev/null || echo installing"
    lab.wait_for(lambda: "installing" not in lab.run(read) and '"art"' in lab.run(read), 300)
    assert '"failed": []' in lab.run(read)
    assert lab.run("su - ann -c 'Rscript -e \"cat(tiny::answer())\"'") == "42"


def test_by_mirrors_alone(lab: Lab, gateway: str) -> None:
    here = f"http://{gateway}:{MIRROR_PORT}"
    mirrors = {
        "pypi": f"{here}/simple",
        "apt": f"{here}/debian",
        "cran": f"{here}/cran/{{codename}}/{{snapshot}}",
    }
    replaced(lab, proxy=None, mirrors=mirrors, packages={"base": []})
    install(lab)
    assert {"debian", "debian-security", "simple", "files", "cran"} <= Mirror.asked
    assert not Proxy.asked
    assert lab.converge()["changed"] == 0

    # Taken out again, the distribution's own sources are back.
    lab.publish(mirrors={})
    lab.converge()
    assert Mirror.upstream["debian"] in lab.run("apt-get update --print-uris")
    lab.run("! ls /etc/xdg/pip/pip.conf /etc/uv/uv.toml 2>/dev/null")
