"""What the documents configure is taken; what can't be is refused before anything is made."""

import json
import re
from pathlib import Path

import pytest
import yaml

from workbench import Workbench
from workbench import read_configuration
from workbench.components.errors import ArgumentError
from workbench.host.settings import Settings

DOCS = Path(__file__).parents[3] / "docs"
DASH = {"path": "/dash/", "port": 805}


def examples():
    """Return the configurations in the documents, by the document and the first key."""
    for name in ("org.md", "extending.md"):
        for block in re.findall(r"```yaml\n(config:\n.*?)```", (DOCS / name).read_text(), re.S):
            config = yaml.safe_load(block)["config"]
            yield pytest.param(config, id=f"{name} {next(iter(config))}")


@pytest.mark.parametrize("config", [*examples()])
def test_what_a_document_configures_reaches_the_server(deploy, public_key, config):
    texts = {
        key.removeprefix("workbench:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    configuration = {"publicKey": public_key, **texts}
    done = deploy(lambda: Workbench("lab", read_configuration()), configuration=configuration)

    document = done.named("lab-recipe-settings").inputs["content"]
    settings = Settings.parse(document)
    given = [value for value in config.values() if isinstance(value, str)]
    assert all(value in document for value in given)
    assert len(settings.routes) == len(config.get("workbench:routes", []))
    assert settings.hub.traits == config.get("workbench:jupyterhubConfig", {})
    assert settings.network.http_proxy == config.get("workbench:httpProxy")


def test_there_are_examples():
    assert len(list(examples())) == 3


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"routes": [{**DASH, "prot": 805}]}, "routes[0] has no argument 'prot'; did you mean"),
        (
            {"routes": [{**DASH, "port": 8501}]},
            "routes[0].port is 8501, where anyone on",
        ),
        ({"routes": [{**DASH, "path": "/rstudio/"}]}, "routes: The page /rstudio/ would conflict"),
        ({"routes": [DASH], "services": []}, "routes: The page /dash/ is for people who have"),
        ({"jupyterhub_config": {"Spawner": {"cmd": "x"}}}, "jupyterhub_config has Spawner.cmd"),
        ({"http_proxy": "http://me:secret@p:1"}, "http_proxy has a password in it"),
        ({"no_proxy": ["example.org"]}, "needs http_proxy, which is missing"),
        ({"apt_security_mirror": "https://m.test/d"}, "goes with apt_mirror, which is missing"),
        ({"cran_mirror": "https://m.test/{day}"}, "{codename} and {snapshot} only"),
    ],
)
def test_what_cant_be_is_refused_before_anything_is_registered(
    deploy, public_key, registered, args, said
):
    with pytest.raises(ArgumentError, match=re.escape(said)):
        deploy(lambda: Workbench("lab", {"public_key": public_key, **args}), into=registered)
    assert registered.resources == []


def test_a_whole_number_from_another_language_is_one(deploy, public_key):
    args = {"public_key": public_key, "jupyterhub_config": {"JupyterHub": {"log_level": 10.0}}}
    done = deploy(lambda: Workbench("lab", args))
    settings = json.loads(done.named("lab-recipe-settings").inputs["content"])
    assert repr(settings["hub"]["JupyterHub"]["log_level"]) == "10"
