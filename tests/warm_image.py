"""A machine image with the recipe's packages in it: a test's first converge finds them installed.

It has nothing else of a server's: no accounts, no keys, no configuration but apt's. The converge
is the same and runs whole. Tests of the first boot take the plain image.
"""

import datetime
import hashlib
import warnings
from pathlib import Path

import docker
import requests
from docker.errors import DockerException

from workbench.errors import WorkbenchError
from workbench.host.pack import pack_recipe
from workbench.locking import exclusive
from workbench.locking import once
from workbench.places import cache_dir
from workbench.progress import Progress
from workbench.rehearsal.docker_engine import ensure_engine
from workbench.rehearsal.machines.image import ensure_image
from workbench.rehearsal.machines.image_inputs import CHANGES

REPOSITORY = "diy-workbench/warm"
# Seconds: two minutes here, more with slow mirrors.
LIMIT = 20 * 60
KEPT = 2
HOST = Path(__file__).parents[1] / "workbench" / "host"
# Steps of the recipe that only install, and what they install from.
STEPS = ("packages", "environments")
INPUTS = (
    *(f"system/{name}.py" for name in ("apt", "packages", "tools", "environments")),
    *("requirements/**/*", "scripts/*"),
)
SETTINGS = """{"version": 1, "name": "warm", "domain": null, "names": [],
 "administrator": {"name": "admin", "public_keys": []}, "users": [],
 "data_volume": {"id": "vol-1", "device": "/dev/sdf"}}"""
TOOLS = f"""
from workbench.host import places
from workbench.host.system import network, tools
from workbench.host.settings import Settings
network.use(Settings.parse({SETTINGS!r}))
for folder in (places.STATE, places.LOGS, places.CACHE):
    folder.mkdir(parents=True, exist_ok=True)
tools.ensure_tools()
"""
INSTALL = f"""
from pyinfra.api.operations import run_ops
from workbench.host import recipe
from workbench.host.run import converge
from workbench.host.system import apt, network
from workbench.host.settings import Settings
apt.PACKAGES += apt.LATER
settings = Settings.parse({SETTINGS!r})
network.use(settings)
converge.steps_for = lambda settings: [getattr(recipe, step) for step in {STEPS}]
run_ops(converge.prepare(settings))
"""
SCRIPT = """
set -e
cd /tmp
python3 -c "$TOOLS"
/opt/workbench/venv/bin/python -c "$INSTALL"
# Debian's rule for passwords comes with its package: a plain server has none.
pam-auth-update --package --remove passwdqc
# The recipe starts it, when it has written its configuration.
systemctl disable caddy.service 2>/dev/null || true
apt-get clean
rm -rf /tmp/* /run/workbench-* /var/log/workbench
"""


def warm_image() -> str:
    """Return the image's tag, having built it where the engine hasn't it; else the plain one's."""
    progress = Progress(quiet=True)
    client = ensure_engine(progress)
    try:
        plain = ensure_image(client, progress).tag
        tag = f"{REPOSITORY}:{_digest(plain)}"
        with exclusive(
            cache_dir() / "images" / "warm.lock", "the tests' image", LIMIT, once(print)
        ):
            if not client.images.list(tag):
                _build(client, plain, tag)
        return tag
    except (WorkbenchError, DockerException, requests.RequestException) as error:
        warnings.warn(f"Tests take the plain machine image, and longer: {error}", stacklevel=1)
        return plain
    finally:
        client.close()


def _digest(plain: str) -> str:
    """Return a hash of all that is in it; another one each week, for the archives' new packages."""
    week = datetime.datetime.now(datetime.UTC).strftime("%G-%V")
    digest = hashlib.sha256(f"{plain} {week}".encode() + Path(__file__).read_bytes())
    for path in sorted({path for pattern in INPUTS for path in HOST.glob(pattern)}):
        if path.is_file():
            digest.update(f"{path.relative_to(HOST)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _build(client: docker.DockerClient, plain: str, tag: str) -> None:
    """Run the steps in a container without systemd, and keep what they made of it."""
    container = client.containers.create(
        plain,
        entrypoint=["/bin/bash", "-c", SCRIPT],
        environment={"TOOLS": TOOLS, "INSTALL": INSTALL, "HOME": "/root"},
        network_mode="host",
    )
    try:
        container.put_archive("/tmp", pack_recipe().content)
        container.start()
        if container.wait(timeout=LIMIT)["StatusCode"] != 0:
            said = container.logs(tail=15).decode(errors="replace")
            raise WorkbenchError(f"its packages can't be installed:\n{said}")
        none = ["ENV TOOLS= INSTALL= HOME="]
        name, _, short = tag.partition(":")
        container.commit(name, short, changes=[*CHANGES, *none])
    finally:
        container.remove(force=True, v=True)
    _remove_older(client)


def _remove_older(client: docker.DockerClient) -> None:
    made = sorted(client.images.list(REPOSITORY), key=lambda image: str(image.attrs["Created"]))
    for image in made[:-KEPT]:
        try:
            client.images.remove(image.id)
        except DockerException:
            continue  # a machine runs it
