"""A configuration key is defined once: all that knows of it follows from its argument."""

import inspect
import json
import re
from typing import Annotated
from typing import NotRequired
from typing import TypedDict

import pulumi
import pytest

from workbench import Workbench
from workbench import WorkbenchArgs
from workbench import read_configuration
from workbench import server_settings
from workbench.components.component import unwrap
from workbench.components.errors import ArgumentError
from workbench.components.keys import Key
from workbench.components.keys import take_keys
from workbench.components.keys import taken_by
from workbench.components.names import key_of
from workbench.components.settings_document import configured_document
from workbench.components.validation import check_text
from workbench.components.workbench_args import KEYS
from workbench.configured import Configured
from workbench.host.settings import Settings

# What a default is called in the documentation where it isn't written as it is.
WORDS = {True: "true", False: "false", (): "none"}


@pytest.fixture
def motd(monkeypatch):
    """Define one more key, of the server, as a line in ``WorkbenchArgs`` would."""

    class More(TypedDict):
        motd: NotRequired[
            Annotated[pulumi.Input[str], Key(check_text, default="hello", setting="login.motd")]
        ]

    monkeypatch.setitem(KEYS, "motd", take_keys(More)["motd"])
    annotations = {**WorkbenchArgs.__annotations__, **More.__annotations__}
    monkeypatch.setattr(WorkbenchArgs, "__annotations__", annotations)


@pytest.mark.usefixtures("motd")
@pytest.mark.parametrize(("given", "reaches"), [({"motd": "welcome"}, "welcome"), ({}, "hello")])
def test_a_key_that_is_defined_is_read_and_reaches_the_server(deploy, public_key, given, reaches):
    configuration = {"publicKey": public_key, **given}
    done = deploy(lambda: Workbench("lab", read_configuration()), configuration=configuration)

    document = json.loads(done.named("lab-recipe-settings").inputs["content"])
    assert document["login"] == {"motd": reaches}


@pytest.mark.usefixtures("motd")
def test_a_key_that_is_defined_is_checked_in_program_and_configuration(deploy, public_key):
    for program, configuration, said in (
        (lambda: Workbench("lab", {"public_key": public_key, "motd": 7}), {}, "motd is 7"),
        (lambda: Workbench("lab", {"public_key": public_key, "modt": "x"}), {}, "mean 'motd'?"),
        (read_configuration, {"motd": " "}, "workbench:motd is ' '"),
        (read_configuration, {"modt": "x"}, "did you mean 'workbench:motd'?"),
    ):
        with pytest.raises(ArgumentError, match=re.escape(said)):
            deploy(program, configuration={"publicKey": public_key, **configuration})


@pytest.mark.usefixtures("motd")
def test_tasks_read_a_key_that_is_defined(monkeypatch):
    monkeypatch.setitem(Configured.__annotations__, "motd", str)

    assert Configured({"workbench:motd": "welcome"}).motd == "welcome"
    assert Configured({}).motd == "hello"


def test_every_key_changes_something():
    for name, key in KEYS.items():
        assert key.plane in ("AWS", "server", "AWS and server", "commands"), name


def test_what_a_part_takes_are_arguments_of_its():
    # Of these, the workbench itself makes something.
    own = ("server slots", "server groups", "encryption", "reach", "instance connect")
    takers = dict.fromkeys(own)
    for part in ("network", "access", "storage", "address", "server"):
        module = __import__(f"workbench.components.{part}", fromlist=["_"])
        takers[part] = getattr(module, f"{part.capitalize()}Args")
    for name, key in KEYS.items():
        if key.part:
            taker = takers[key.part.partition(".")[0]]
            taken = taken_by(key.part.partition(".")[0], {name: key}, {name: 1})
            assert taker is None or set(taken) <= set(taker.__annotations__), name


SHORT = {
    "http_from": "0.0.0.0/0",
    "base_packages": "all four",
    "services": "`jupyterhub` and `rstudio`",
}


def test_the_documentation_names_each_default():
    source = inspect.getsource(WorkbenchArgs)
    for name, key in KEYS.items():
        documented = re.search(rf'^    {name}: .*?"""(.*?)"""', source, re.M | re.S)
        said = " ".join(documented[1].split()).partition("Default:")[2]
        if key.default is None:
            continue
        default = key.default
        named = WORDS.get(default, str(default)) if isinstance(default, bool | tuple) else default
        named = SHORT.get(name, named)
        assert (str(named) if named else "none") in said, name


def test_the_defaults_pass_their_own_checks():
    for name, key in KEYS.items():
        if key.default is not None and key.check:
            key.check(key.default, name)


def test_what_tasks_read_is_of_the_kind_that_the_key_is():
    kinds = {str: str, int: int, bool: bool}
    for name, annotation in Configured.__annotations__.items():
        if name == "name":
            continue
        kind = unwrap(WorkbenchArgs.__annotations__[name])[0]
        plain = next(iter(getattr(annotation, "__args__", (annotation,))))
        if kind in kinds:
            assert plain is kinds[kind] or annotation is kinds[kind], name
        is_optional = "None" in str(annotation)
        assert is_optional is (KEYS[name].default is None), name


def test_a_value_of_another_kind_is_one_sentence():
    for text, name, said in (
        ("big", "data_volume_size", "workbench:dataVolumeSize is 'big', but must be a whole"),
        ("perhaps", "keep_data_volume", "workbench:keepDataVolume is 'perhaps', but must be true"),
        ("[1]", "ssh_from", "workbench:sshFrom[0] is 1, but must be text"),
        ('["ada"]', "users", "workbench:users[0] is 'ada', but must be an object"),
    ):
        with pytest.raises(ArgumentError, match=re.escape(said)):
            getattr(Configured({key_of(name): text}), name)


def test_what_tasks_do_not_read_is_no_attribute():
    with pytest.raises(AttributeError):
        Configured({}).nonsense  # noqa: B018


def test_the_settings_are_what_the_recipe_reads(deploy, public_key):
    args = {"public_key": public_key, "time_zone": "Europe/Berlin", "home_quota": 7}
    done = deploy(lambda: Workbench("lab", args))

    settings = Settings.parse(done.named("lab-recipe-settings").inputs["content"])
    assert (settings.time_zone, settings.home_quota) == ("Europe/Berlin", 7)
    assert settings.idle_timeout == 24 * 3600


@pytest.mark.parametrize("more", [{}, {"hostNamePerUser": "true", "domain": "lab.example.org"}])
def test_tasks_make_the_settings_that_the_program_makes(deploy, public_key, more):
    configuration = {"publicKey": public_key, "users": '[{"name": "ada"}]', **more}

    def program():
        name, args = "do4ds-lab", read_configuration()
        settings = server_settings(name, args, "us-east-1", "vol-1", None)
        pulumi.export("settings", pulumi.Output.json_dumps(settings))

    done = deploy(program, configuration=configuration)
    texts = {f"workbench:{key}": value for key, value in configuration.items()}
    document = configured_document(texts, "0" * 64, region="us-east-1", volume_id="vol-1")

    recipe = {"recipe": {"key": f"recipe/{'0' * 64}.tar.gz", "sha256": "0" * 64}}
    assert json.loads(document) == {**json.loads(done.exports["settings"]), **recipe}
