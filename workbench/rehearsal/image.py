"""The machine image: what an AMI is to EC2. Debian 12 with systemd and cloud-init, built once.

The tag is a hash of everything the image is built from, so a change of any of it builds a new one,
and nothing else does.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import requests
from docker.errors import DockerException
from docker.errors import ImageNotFound

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.places import cache_dir
from workbench.progress import Phase
from workbench.progress import Progress
from workbench.rehearsal import apt_sources
from workbench.rehearsal.host_certificates import extra_certificates
from workbench.rehearsal.image_problems import DiskFullError
from workbench.rehearsal.image_problems import explain

REPOSITORY = "diy-workbench/machine"
OS = "debian-12"
RELEASE = "bookworm"
FILES = Path(__file__).with_name("image_files")

# What Debian's AMI has, as far as it makes sense without a kernel and a disk of its own.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libpam-systemd", "udev", "init", "cron"),
    *("cloud-init", "openssh-server", "sudo", "unattended-upgrades", "ca-certificates"),
    *("curl", "wget", "gpg", "python3", "locales", "less", "procps", "psmisc", "vim-tiny"),
    *("iproute2", "iputils-ping", "netbase", "bind9-host", "e2fsprogs", "util-linux-extra"),
)
# GiB: the archive (0.5) on its way into the engine (0.5), and room to work.
NEEDED = 2
# Seconds that an interrupted builder has to tidy up.
END_LIMIT = 20
# The console is read as text.
_CHANGES = ("ENV container=docker SYSTEMD_COLORS=0", 'ENTRYPOINT ["/usr/sbin/machine-boot"]')


@dataclass(frozen=True)
class ImageInfo:
    """A machine image in the Docker engine, and the operating system as the stack names it."""

    tag: str
    os: str


@dataclass(frozen=True)
class Inputs:
    """All that the image is built from."""

    packages: tuple[str, ...]
    sources: str
    settings: str
    certificates: tuple[str, ...]

    @classmethod
    def of_this_computer(cls) -> "Inputs":
        """Return what an image for this computer is built from."""
        return cls(
            PACKAGES,
            apt_sources.debian_sources(RELEASE),
            apt_sources.network_settings(),
            tuple(extra_certificates()),
        )

    def tag(self) -> str:
        """Return the image's tag: a hash of the inputs, our files and the way it is built."""
        digest = hashlib.sha256(repr((self, _command(self, Path("/")), _CHANGES)).encode())
        for path in sorted(FILES.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(FILES)} {path.stat().st_mode & 0o111}\n".encode())
                digest.update(path.read_bytes())
        return f"{REPOSITORY}:{OS}-{digest.hexdigest()[:12]}"


def ensure_image(client: docker.DockerClient, progress: Progress) -> ImageInfo:
    """Return the machine image; build it (about a minute) where the engine doesn't have it.

    Raises MissingToolError, DiskFullError or another ImageError. Nothing half-made stays behind.
    """
    inputs = Inputs.of_this_computer()
    tag = inputs.tag()
    if not _exists(client, tag):
        with _only_one_builder():
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
def _only_one_builder() -> Iterator[None]:
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
        work = Path(name)
        with progress.phase("Build the machine image (Debian 12)") as phase:
            _debootstrap(inputs, work, phase)
        with progress.phase("Import the machine image into Docker"):
            _import(client, work / "machine.tar", tag)


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


def _debootstrap(inputs: Inputs, work: Path, phase: Phase) -> None:
    (work / "debian.sources").write_text(inputs.sources, encoding="utf-8")
    # Through a file: a proxy's address may hold a password, which no process list should show.
    (work / "apt.conf").write_text(inputs.settings, encoding="utf-8")
    certificates = work / "certificates"
    certificates.mkdir()
    for number, pem in enumerate(inputs.certificates):
        (certificates / f"host-{number}.crt").write_text(pem + "\n", encoding="ascii")
    last: deque[str] = deque(maxlen=400)
    # It ends when this process is killed; its mounts, in a namespace of their own, end with it.
    confined = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount"]
    process = subprocess.Popen(
        [*confined, *_command(inputs, work)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "TMPDIR": str(work), "LC_ALL": "C.UTF-8"},
        process_group=0,
    )
    with process:
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                phase.update(line.rstrip().removeprefix("I: "))
        except BaseException:
            _end(process)
            raise
    if process.returncode != 0:
        raise explain(list(last), inputs.sources, _folder())


def _end(process: subprocess.Popen[str]) -> None:
    """End the builder with all that it started, and wait: its folder is removed next."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_LIMIT)


def _command(inputs: Inputs, work: Path) -> list[str]:
    # Before any package asks for what they bring: certificates, files, no host's identity.
    hooks = [
        f'cp -r --preserve=mode "{FILES}"/. "$1"/',
        f'cp -r "{work}/certificates/." "$1/usr/local/share/ca-certificates/"',
        'chroot "$1" update-ca-certificates',
        'rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/etc/resolv.conf"',
        'find "$1/usr/lib/python3/dist-packages/machine_datasource" -name __pycache__ -delete',
    ]
    return [
        *("mmdebstrap", "--mode=root", "--variant=apt", "--verbose"),
        f"--include={','.join(inputs.packages)}",
        f"--aptopt={work / 'apt.conf'}",
        *(f"--customize-hook={hook}" for hook in hooks),
        *(RELEASE, str(work / "machine.tar")),
        # Without any, mmdebstrap takes Debian's own.
        *([str(work / "debian.sources")] if inputs.sources else []),
    ]


def _import(client: docker.DockerClient, archive: Path, tag: str) -> None:
    repository, _, short = tag.partition(":")
    try:
        client.api.import_image(
            str(archive), repository=repository, tag=short, changes=list(_CHANGES)
        )
        client.images.get(tag)
    except (DockerException, requests.RequestException) as error:
        if "no space left" in str(error).lower():
            raise DiskFullError.at(Path(client.info()["DockerRootDir"]), NEEDED) from error
        raise WorkbenchError(
            f"Docker didn't take the machine image: {error}", "Try again: workbench rehearsal.start"
        ) from error
