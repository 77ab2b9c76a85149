"""Pages that the stack adds: what can't be one is refused with the settings."""

import json
from typing import Any

import pytest
from least_settings import SETTINGS

from workbench.host.settings import Settings
from workbench.host.settings import SettingsError

DASH = {"path": "/dash/", "port": 805}
PUBLIC = {"path": "/public/", "socket": "/run/public/page.sock", "open": True}


def settings(*routes: Any, **more: Any) -> Settings:
    return Settings.parse(json.dumps(SETTINGS | {"routes": routes} | more))


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        ([{"port": 805}], "routes[0].path is None"),
        ([{**DASH, "path": "dash"}], "must be words of letters"),
        ([{**DASH, "path": "/"}], "must be words of letters"),
        ([{**DASH, "path": "/../"}], "must be words of letters"),
        ([{**DASH, "path": "/a b/"}], "must be words of letters"),
        ([{**DASH, "path": "/{env.HOME}/"}], "must be words of letters"),
        ([{"path": "/dash/"}], "either a port or a socket"),
        ([{**DASH, "socket": "/run/a/b"}], "either a port or a socket"),
        ([{**DASH, "port": 8501}], "anyone on the server could listen"),
        ([{**DASH, "port": 0}], "a whole number from 1"),
        ([{"path": "/dash/", "socket": "/tmp/a.sock"}], "in a folder of its own below /run"),
        ([{"path": "/dash/", "socket": "/run/a.sock"}], "in a folder of its own below /run"),
        ([{"path": "/dash/", "socket": "/run/../tmp/a"}], "in a folder of its own below /run"),
        ([{"path": "/dash/", "socket": "/run/user/1000/a"}], "people can't put another one"),
        # A link of the distribution's to /dev/shm, where everyone may write.
        ([{"path": "/dash/", "socket": "/run/shm/a"}], "people can't put another one"),
        ([{**DASH, "open": "yes"}], "must be true or false"),
        ([DASH, {**PUBLIC, "path": "/dash/"}], "of which one is in the other"),
        ([DASH, {**PUBLIC, "path": "/dash/more/"}], "of which one is in the other"),
        ([{**DASH, "path": "/jupyter/"}], "conflict with JupyterHub, which has /jupyter/"),
        ([{**DASH, "path": "/rstudio/help/"}], "conflict with RStudio Server"),
        ([{**DASH, "port": 787}], "has the port 787, which is the workbench's own"),
        ([{**DASH, "port": 443}], "has the port 443, which is the workbench's own"),
        ([{**DASH, "port": 80}], "has the port 80, which is the workbench's own"),
        ([{**DASH, "port": 22}], "has the port 22, which is the workbench's own"),
    ],
)
def test_what_cant_be_a_page_is_refused(routes: list[Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(*routes)
    assert said in str(error.value)


def test_a_service_that_is_turned_off_has_no_page() -> None:
    (help_page,) = settings({**DASH, "path": "/rstudio/help/"}, services=["jupyterhub"]).routes
    assert help_page.path == "/rstudio/help/"


def test_what_is_in_the_way_is_told_with_what_helps() -> None:
    said = (
        "The page /jupyter/ would conflict with JupyterHub, which has /jupyter/. Choose another"
        " path."
    )
    with pytest.raises(SettingsError) as error:
        settings({**DASH, "path": "/jupyter/"})
    assert str(error.value) == said
    with pytest.raises(SettingsError, match=r"\broutes\[0\]\.path is None"):
        settings({"port": 805})


def test_without_a_hub_nobody_could_sign_in() -> None:
    with pytest.raises(SettingsError, match="without jupyterhub nobody can"):
        settings(DASH, services=[])
    assert settings(PUBLIC, services=[]).routes[0].is_open
