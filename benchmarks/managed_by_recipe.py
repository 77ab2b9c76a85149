"""Print as JSON what the recipe manages on a server: packages, files, folders, people, services.

Runs on the server, as root, in the folder of its recipe. It asks the recipe's own operations, as
if nothing were there yet, so that what is compared with it can't forget a file.
"""

import contextlib
import json
import sys
from pathlib import Path

from pyinfra.api.output import set_echo
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_host
from pyinfra.context import ctx_state

from workbench.host import places
from workbench.host.data import identity
from workbench.host.data import storage
from workbench.host.run import local_facts
from workbench.host.run.converge import prepare
from workbench.host.run.planning import planning
from workbench.host.run.pyinfra_typed import FileUpload
from workbench.host.services import caddy as proxy
from workbench.host.services import jupyterhub
from workbench.host.services import rstudio
from workbench.host.settings import Settings
from workbench.host.system import apt

UNITS = (storage.UNIT, identity.SAVE_PATH, jupyterhub.UNIT, rstudio.UNIT, proxy.UNIT)


def managed_files(settings: Settings) -> list[str]:
    """Return the files that the recipe would write on a server that has none."""
    local_facts.status_line = lambda path: None
    planning.begin()
    state = prepare(settings, stage=StateStage.Prepare)
    (host,) = state.inventory
    found = []
    with ctx_state.use(state), ctx_host.use(host):
        for operation in state.get_op_order():
            commands = state.get_op_data_for_host(host, operation).command_generator()
            found += [each.dest for each in commands if isinstance(each, FileUpload)]
    return list(dict.fromkeys(found))


def describe(path: str) -> dict[str, object]:
    """Return a file as it is."""
    file = Path(path)
    mode = f"{file.stat().st_mode & 0o7777:o}"
    return {"path": path, "mode": mode, "content": file.read_text(), "user": file.owner()}


def main() -> None:
    """Print what the recipe manages."""
    set_echo(lambda message=None, **_: None)
    with contextlib.redirect_stdout(sys.stderr):
        settings = Settings.read(Path("/etc/workbench/settings.json"))
        files = [describe(path) for path in managed_files(settings)]
    managed = {
        "packages": [*apt.PACKAGES, "rstudio-server"],
        "files": files,
        "folders": [
            {"path": str(places.HUB_STATE), "user": "root", "mode": "700"},
            {"path": str(places.CADDY_STORAGE), "user": "caddy", "mode": "700"},
        ],
        "groups": [places.MEMBERS],
        "people": [
            {
                "name": user.name,
                "groups": [places.MEMBERS, *(["sudo"] if user.administrator else [])],
                "keys": list(user.public_keys),
            }
            for user in (*settings.users, settings.administrator)
            if user.name != settings.administrator.name
        ],
        "services": list(UNITS),
    }
    print(json.dumps(managed))


if __name__ == "__main__":
    main()
