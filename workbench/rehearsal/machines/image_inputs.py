"""What the machine image is built from, and the tag that says so."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from workbench.rehearsal.machines import apt_sources
from workbench.rehearsal.machines.host_certificates import extra_certificates

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
# The console is read as text.
CHANGES = ("ENV container=docker SYSTEMD_COLORS=0", 'ENTRYPOINT ["/usr/sbin/machine-boot"]')


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
        digest = hashlib.sha256(repr((self, command(self, Path("/")), CHANGES)).encode())
        for path in sorted(FILES.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                executable = path.stat().st_mode & 0o100
                digest.update(f"{path.relative_to(FILES)} {executable}\n".encode())
                digest.update(path.read_bytes())
        return f"{REPOSITORY}:{OS}-{digest.hexdigest()[:12]}"


def command(inputs: Inputs, work: Path) -> list[str]:
    """Return the command that builds the image's archive in ``work``, from what is put there."""
    # Before any package asks for what they bring: certificates, files, no host's identity.
    hooks = [
        # Where the checkout is, and its umask, make no difference to the image.
        f'chmod -R u=rwX,go=rX "{work}/files" && cp -r --preserve=mode "{work}/files/." "$1/"',
        'chmod 755 "$1/usr/sbin/machine-boot"',  # installers of packages may drop this
        f'cp -r "{work}/certificates/." "$1/usr/local/share/ca-certificates/"',
        'chroot "$1" update-ca-certificates',
        'rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/etc/resolv.conf"',
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
