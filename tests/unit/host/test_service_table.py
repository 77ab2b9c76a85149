"""A service is one file, and everything that knows of it follows from the table."""

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from least_settings import SETTINGS

import workbench
from workbench.components.errors import ArgumentError
from workbench.components.services import check_people
from workbench.components.services import check_services
from workbench.host import service_table
from workbench.host.recipe import recipe
from workbench.host.recipe import recipe_on_standby
from workbench.host.service import Card
from workbench.host.service import Probe
from workbench.host.service import Service
from workbench.host.service_table import ServicesError
from workbench.host.service_table import choose
from workbench.host.settings import Settings
from workbench.host.settings import SettingsError

ROOT = Path(workbench.__file__).parent
# Where a service may be named besides its own file, and why.
NAMED = {
    "checks/service_checks.py": "what is asked of a service beyond that its page answers",
    "checks/web.py": "the checks of two services' sign-in forms",
    "checks/refusals.py": "the web server's own words for what an authority told it",
    "components/workbench.py": "which of its packages is for a processor",
    "__init__.py": "the public names, one of which finds its package",
    "components/rstudio.py": "finds its package, for programs that install it themselves",
    "components/plugin/package.py": "the package's keywords",
    "configured.py": "the keys that name its package",
    "tasks/rehearsal/configuration.py": "the keys that name its package",
    "components/workbench_args.py": "the keys that name its package",
    "host/settings.py": "the key that names its package, in settings.json",
    "host/software.py": "where its package comes from",
    "software.py": "looks for its package's new releases",
    "host/data/state_files.py": "runs alone before each start, by the standard library",
    "host/shares/generator.py": "runs alone at boot, before there are settings",
    "host/shares/strays.py": "runs alone, as the guard: where people's processes may begin",
    "host/system/environments.py": "builds the environments alongside apt",
    "host/system/session_environment.py": "people find a program that comes with it",
    "host/web/caddy_program.py": "its program, which the hub's account is made for first",
    "host/places.py": "where things are",
}
FOLDERS = {
    "host/services": "the services' own files",
    "host/hub": "what the hub runs itself",
    "host/jupyter": "what belongs to the hub",
    "checks/labs": "what a reader of the labs installs",
    "tasks/labs": "what a reader of the labs installs",
    "rehearsal": "stands in for the download of a package",
}


@pytest.fixture
def hello() -> Service:
    return Service(
        name="hello",
        title="Hello",
        unit="hello.service",
        about="a page",
        version=lambda: "1.0",
        start=lambda settings: None,
        port=81,
        path="/hello/",
        probe=Probe(81, "/hello/"),
        card=Card("Says hello."),
    )


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what packages add, by the name of its entry point; at first nothing."""
    values: dict[str, Any] = {}

    class Entry:
        dist = None
        value = "hello_workbench:SERVICE"

        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> Any:
            if isinstance(values[self.name], Exception):
                raise values[self.name]
            return values[self.name]

    monkeypatch.setattr(
        service_table, "added_services", lambda: {name: Entry(name) for name in values}
    )
    return values


def test_no_other_file_names_a_service() -> None:
    names = {each.name for each in service_table.own_services()} - {"ssh"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if names & set(_words(path.read_text()))
    }
    allowed = {file for file in found if file.startswith(tuple(f"{each}/" for each in FOLDERS))}

    assert found - allowed <= set(NAMED)
    # None of them is an exception for nothing.
    assert set(NAMED) <= found


def _words(text: str) -> Iterator[str]:
    """Give the words of a module's texts and names, less those of its docstrings and comments."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    prose = {
        id(each.body[0].value)
        for each in ast.walk(tree)
        if isinstance(each, documented) and each.body and isinstance(each.body[0], ast.Expr)
    }
    # An attribute's documentation, which is a text alone.
    prose |= {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        said = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            said = node.value
        elif isinstance(node, ast.alias):
            said = node.name
        elif isinstance(node, ast.Name):
            said = node.id
        elif isinstance(node, ast.Attribute):
            said = node.attr
        for sign in "_./-:*{}\"'`,=()<>@$\n":
            said = said.replace(sign, " ")
        yield from said.split()


def test_the_default_is_what_every_workbench_had() -> None:
    assert service_table.default_services() == ("jupyterhub", "rstudio")
    assert Settings.parse(json.dumps(SETTINGS)).services == ("jupyterhub", "rstudio")


def test_a_service_that_is_turned_off_has_no_step() -> None:
    def titles(*names: str) -> list[str]:
        return [step.__name__ for step in recipe(choose(names))]

    assert set(titles("jupyterhub", "rstudio")) - set(titles("jupyterhub")) == {
        "begin_rstudio_server",
        "rstudio_package",
        "rstudio_server",
    }
    assert "jupyterhub" not in titles()
    assert {"proxy", "ssh"} <= set(titles())


def test_what_is_started_with_r_comes_after_r() -> None:
    steps = [step.__name__ for step in recipe(choose(["rstudio", "jupyterhub"]))]

    assert steps.index("jupyterhub") < steps.index("r_versions") < steps.index("rstudio_server")


def test_an_added_service_has_its_steps_and_its_page(added, hello) -> None:
    added["hello"] = hello

    assert hello.start in recipe(choose(["jupyterhub", "hello"]))
    assert "hello" in [each.name for each in service_table.every_service()]
    assert check_services(["hello"], "workbench:services")[0] is hello


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["jupyterlab"], "There is no service 'jupyterlab': there are jupyterhub, rstudio."),
        (["jupyterhub", "jupyterhub"], "The service 'jupyterhub' is listed twice."),
        (["jupyterhub", "caddy"], "'caddy' can't be listed: every workbench has it."),
        (["rstudio"], "The service 'rstudio' needs 'jupyterhub', which isn't listed."),
    ],
)
def test_what_cant_be_had_is_said_in_one_sentence(added, names, words) -> None:
    with pytest.raises(ArgumentError) as raised:
        check_services(names, "workbench:services")
    assert raised.value.message == f"workbench:services: {words}"
    assert raised.value.hint

    with pytest.raises(SettingsError, match=r"service|listed"):
        Settings.parse(json.dumps(SETTINGS | {"services": names}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": 787}, "both have port 787"),
        ({"port": 443}, "both have port 443"),
        ({"port": 80}, "has port 80, which is the web server's"),
        ({"port": 8081}, "has port 8081, which people on the server could take"),
        ({"path": "/rstudio/"}, "both have the name 'rstudio'"),
        ({"path": "/a/b/"}, "has a name or a path that isn't one word"),
        ({"aliases": ("data",)}, "has the name 'data', which stands for something else"),
        ({"path": "/hello"}, "has the path '/hello', which has to begin and end with a slash"),
        ({"aliases": ("hub",)}, "both have the name 'hub'"),
        ({"unit": "caddy.service"}, "both have the unit caddy.service"),
        ({"port": None}, "has a path, but neither a port nor a socket"),
        ({"name": "other"}, "isn't a Service of that name"),
    ],
)
def test_a_clash_is_said_in_one_sentence(added, hello, changes, words) -> None:
    added["hello"] = replace(hello, **changes)

    with pytest.raises(ServicesError) as raised:
        choose(["jupyterhub", "hello"])
    assert words in raised.value.message
    assert raised.value.hint


def test_nobody_has_the_name_of_a_services_account(added, hello) -> None:
    added["hello"] = replace(hello, accounts=("greeter",))
    users = [{"name": "greeter", "public_keys": []}]
    asked = {"services": ["jupyterhub", "hello"], "users": users}

    with pytest.raises(SettingsError, match="'hello' has an account 'greeter' of its own"):
        Settings.parse(json.dumps(SETTINGS | asked))
    with pytest.raises(ArgumentError, match="'hello' has an account 'greeter' of its own"):
        check_people(["ada", "greeter"], ["jupyterhub", "hello"])
    check_people(["ada", "greeter"], ["jupyterhub"])


def test_a_server_on_standby_forgets_no_service_before_it_is_removed() -> None:
    steps = [step.__name__ for step in recipe_on_standby(choose(["jupyterhub"]))]

    assert steps.index("removal") < steps.index("landing")


def test_a_package_that_cant_be_imported_is_named(added) -> None:
    added["hello"] = ImportError("no module named flask")

    with pytest.raises(ServicesError, match=r"can't be loaded .ImportError: no module named flask"):
        choose(["hello"])
    # What describes a server that is there does without it.
    assert "hello" not in [each.name for each in service_table.every_service()]


def test_entry_points_of_the_group_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("hello", "hello_workbench:SERVICE", service_table.GROUP)
    asked = []
    monkeypatch.setattr(service_table, "entry_points", lambda group: asked.append(group) or [entry])

    assert service_table.added_services() == {"hello": entry}
    assert asked == ["workbench.services"]
