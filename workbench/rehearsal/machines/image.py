"""The machine image: what an AMI is to EC2. Debian 12 with systemd and cloud-init, built once.

The tag is a hash of everything the image is built from, so a change of any of it builds a new one,
and nothing else does.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import requests
from docker.errors import DockerException
from docker.errors import ImageNotFound

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.locking import exclusive
from workbench.locking import once
from workbench.places import cache_dir
from workbench.progress import Progress
from workbench.rehearsal.machines.image_build import build_archive
from workbench.rehearsal.machines.image_inputs import CHANGES
from workbench.rehearsal.machines.image_inputs import OS
from workbench.rehearsal.machines.image_inputs import Inputs
from workbench.rehearsal.machines.image_problems import DiskFullError

# Names another image for new machines: the tests', with the recipe's packages in it.
VARIABLE = "WORKBENCH_MACHINE_IMAGE"
# GiB: the archive (0.5) on its way into the engine (0.5), and room to work.
NEEDED = 2
# Seconds to wait for another process that builds it: a minute here, more with a slow mirror.
LOCK_LIMIT = 30 * 60.0


@dataclass(frozen=True)
class ImageInfo:
    """A machine image in the Docker engine, and the operating system as the stack names it."""

    tag: str
    os: str


def ensure_image(client: docker.DockerClient, progress: Progress) -> ImageInfo:
    """Return the machine image; build it (about a minute) where the engine doesn't have it.

    Raises MissingToolError, DiskFullError or another ImageError. Nothing half-made stays behind.
    """
    named = os.environ.get(VARIABLE)
    if named and _exists(client, named):
        return ImageInfo(named, OS)
    inputs = Inputs.of_this_computer()
    tag = inputs.tag()
    if not _exists(client, tag):
        with _only_one_builder(progress):
            if not _exists(client, tag):
                _build(client, inputs, tag, progress)
    return ImageInfo(tag, OS)


def _exists(client: docker.DockerClient, tag: str) -> bool:
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


@contextmanager
def _only_one_builder(progress: Progress) -> Iterator[None]:
    folder = _folder()
    with exclusive(folder / "lock", "the machine image", LOCK_LIMIT, once(progress.say)):
        # What a builder left that was killed. Mounts of its own died with it.
        for path in folder.glob("build-*"):
            shutil.rmtree(path, ignore_errors=True)
        yield


def _folder() -> Path:
    return cache_dir() / "images"


def _build(client: docker.DockerClient, inputs: Inputs, tag: str, progress: Progress) -> None:
    _check_tools()
    _check_room(client)
    with tempfile.TemporaryDirectory(prefix="build-", dir=_folder()) as name:
        with progress.phase("Build the machine image (Debian 12)") as phase:
            archive = build_archive(inputs, Path(name), phase)
        with progress.phase("Import the machine image into Docker"):
            _import(client, archive, tag)


def _check_tools() -> None:
    if os.geteuid() != 0:
        raise MissingToolError(
            "Only root can build the machine image (it makes files of several users).",
            "Run it again as root (sudo).",
        )
    if shutil.which("mmdebstrap") is None:
        raise MissingToolError(
            "mmdebstrap, which builds the machine image, isn't installed.",
            "Install it: sudo apt-get install mmdebstrap",
        )


def _check_room(client: docker.DockerClient) -> None:
    for place in (_folder(), Path(client.info()["DockerRootDir"])):
        if place.exists() and shutil.disk_usage(place).free < NEEDED * 2**30:
            raise DiskFullError.at(place, NEEDED)


def _import(client: docker.DockerClient, archive: Path, tag: str) -> None:
    repository, _, short = tag.partition(":")
    try:
        client.api.import_image(
            str(archive), repository=repository, tag=short, changes=list(CHANGES)
        )
        client.images.get(tag)
    except (DockerException, requests.RequestException) as error:
        if "no space left" in str(error).lower():
            raise DiskFullError.at(Path(client.info()["DockerRootDir"]), NEEDED) from error
        raise WorkbenchError(
            f"Docker didn't take the machine image: {error}", "Try again: workbench rehearsal.start"
        ) from error
