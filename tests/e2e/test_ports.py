"""Nothing is reachable but what the stack opened."""

import pytest
from bench import Bench
from bench import eventually
from bench import reachable

SERVICE_PORTS = [787, 2019, 3838, 8000, 8001, 8080, 8081, 8787]


@pytest.mark.parametrize("port", SERVICE_PORTS)
def test_a_service_is_not_reachable_from_outside(bench: Bench, port: int) -> None:
    assert not reachable(bench.site().ip, port)


@pytest.mark.parametrize("port", ["22", "80", "443"])
def test_what_the_stack_opened_answers(bench: Bench, port: str) -> None:
    site = bench.site()
    assert reachable(site.ip, site.ports[port])


def test_every_service_listens_on_the_loopback_only(bench: Bench) -> None:
    rows = [line.split()[3] for line in bench.server("sudo ss -Hltn").splitlines()]
    open_to_all = {r.rsplit(":", 1)[1] for r in rows if not r.startswith(("127.", "[::1]"))}
    assert open_to_all == {"22", "80", "443"}


def test_a_rule_added_opens_its_port_and_removed_closes_it(bench: Bench) -> None:
    site = bench.site()
    bench.server("sudo systemd-run --unit e2e-listener python3 -m http.server 8899")
    try:
        assert not reachable(site.ip, 8899)
        bench.shell(
            "pulumi config set --path 'workbench:extraPorts[0].port' 8899\n"
            "pulumi config set --path 'workbench:extraPorts[0].cidrBlocks[0]' 127.0.0.0/8\n"
            "pulumi up --yes"
        )
        assert eventually(lambda: reachable(site.ip, 8899))
    finally:
        bench.shell("pulumi config rm workbench:extraPorts && pulumi up --yes")
        bench.server("sudo systemctl stop e2e-listener")
    assert eventually(lambda: not reachable(site.ip, 8899))
