"""The server's SSH host keys on the data volume, so that a replaced server is known as itself."""

import shutil
import subprocess
import sys
from pathlib import Path

from workbench.host import places
from workbench.host.data.set_aside import set_aside

FOLDER = Path("/etc/ssh")
PATTERN = "ssh_host_*_key*"
CONSOLE = Path("/dev/console")


def keys(folder: Path) -> dict[str, bytes]:
    """Return the host key files in a folder."""
    return {path.name: path.read_bytes() for path in folder.glob(PATTERN)}


def are_kept() -> bool:
    """Say whether the server's host keys are those on the volume."""
    return are_usable(places.HOST_KEYS) and keys(FOLDER) == keys(places.HOST_KEYS)


def are_usable(folder: Path) -> bool:
    """Say whether a folder has host keys, and every one can be read and fits its public half."""
    private = _private(folder)
    return bool(private) and all(map(_is_usable, private))


def _private(folder: Path) -> list[Path]:
    # OpenSSH knows no DSA keys any more, and leaves those of older servers alone.
    found = (path for path in folder.glob(PATTERN) if path.suffix != ".pub")
    return [path for path in found if path.name != "ssh_host_dsa_key"]


def _is_usable(private: Path) -> bool:
    shown = subprocess.run(
        ["ssh-keygen", "-y", "-P", "", "-f", str(private)],
        capture_output=True,
        text=True,
        check=False,
    )
    public = private.with_suffix(".pub")
    # A comment follows type and key.
    said = public.read_text(errors="replace").split()[:2] if public.is_file() else []
    return shown.returncode == 0 and shown.stdout.split()[:2] == said


def keep() -> None:
    """Take the volume's host keys; where it has none that are whole, it gets the server's."""
    if not are_usable(places.HOST_KEYS):
        if places.HOST_KEYS.is_dir():
            # With half a key sshd would lock everyone out.
            set_aside(places.HOST_KEYS, "not all of the host keys can be read")
        _copy_to_volume()
        announce()
        return
    kept = keys(places.HOST_KEYS)
    for name in keys(FOLDER).keys() - kept.keys():
        (FOLDER / name).unlink()
    for name, content in kept.items():
        private = not name.endswith(".pub")
        target = FOLDER / name
        target.touch(mode=0o600)
        target.chmod(0o600 if private else 0o644)
        target.write_bytes(content)
    # Before the console tells them: whoever pins them from there meets them.
    subprocess.run(["systemctl", "try-reload-or-restart", "ssh.service"], check=False)
    announce()


def _copy_to_volume() -> None:
    for private in _private(FOLDER):
        if not _is_usable(private):
            private.unlink()
            private.with_suffix(".pub").unlink(missing_ok=True)
    if not _private(FOLDER):
        subprocess.run(["ssh-keygen", "-A"], check=True)
        subprocess.run(["systemctl", "try-reload-or-restart", "ssh.service"], check=False)
    # A folder that appears only when it is complete: half of it must not count as "kept".
    temporary = places.HOST_KEYS.with_suffix(".new")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=0o700, parents=True)
    for name in keys(FOLDER):
        shutil.copy2(FOLDER / name, temporary / name)
    temporary.rename(places.HOST_KEYS)


def announce() -> None:
    """Tell the console the keys, in cloud-init's words: clients pin them from there.

    At every boot: the console keeps 64 KiB, and cloud-init tells them at the first one only.
    """
    public = [path.read_text().strip() for path in sorted(FOLDER.glob("ssh_host_*_key.pub"))]
    lines = ["-----BEGIN SSH HOST KEY KEYS-----", *public, "-----END SSH HOST KEY KEYS-----"]
    try:
        with CONSOLE.open("w") as console:
            console.write("\n" + "\n".join(lines) + "\n")
    except OSError as error:
        print(f"the console can't be written to: {error}", file=sys.stderr)


if __name__ == "__main__":
    keep()
