"""A tunnel's ends: services by name or port, and a port of this computer that is free."""

import socket

import pytest

from workbench.errors import ConfigError
from workbench.host.services import jupyterhub
from workbench.tasks.ssh.tunnel import _free_port
from workbench.tasks.ssh.tunnel import find_service
from workbench.tasks.ssh.tunnel import services


def test_the_services_are_reached_through_the_web_server_by_the_workbenchs_name() -> None:
    assert {service.port for service in services().values()} == {443}
    assert services()["jupyterhub"].page == jupyterhub.BASE
    assert find_service("rstudio", "lab").url("a.org", 8001) == "https://a.org:8001/rstudio/"


def test_any_port_is_a_service() -> None:
    assert find_service("5432", "lab").url("a.org", 15432) == "127.0.0.1:15432"


@pytest.mark.parametrize("name", ["jupyter", "0", "65536", "-1", "", "８０"])
def test_what_is_no_service_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="is neither a port nor one of jupyterhub") as refused:
        find_service(name, "lab")
    assert refused.value.hint == "workbench ssh.tunnel jupyterhub --stack lab"


def test_the_same_port_is_taken_where_it_is_free_and_else_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken: int = other.getsockname()[1]
        assert _free_port(taken, None) != taken
        with pytest.raises(ConfigError, match=f"Port {taken} on this computer can't be used"):
            _free_port(8787, str(taken))
    assert _free_port(taken, None) == taken
    assert _free_port(8787, "0") > 0


@pytest.mark.parametrize("given", ["http", "70000", "-5", ""])
def test_what_is_no_port_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="can't be used"):
        _free_port(8787, given)
