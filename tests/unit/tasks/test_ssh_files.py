"""A person's ~/.ssh: ours goes in at the top, and goes out again without a trace."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.ssh.files import SshFiles

ALIAS = "Host workbench\n    HostName 203.0.113.7\n    User ubuntu\n"
PARTS = [
    b"Host *\n    User me\n    ServerAliveInterval 5\n",
    b"Host *\r\n    User me\r\n",
    b"Match host workbench exec false\n\tUser nobody\n",
    b"Host work* !workbench\n  HostName elsewhere\n",
    b"# a comment without an end",
    b"\n\n   \n",
    b"Include config.d/*\n",
    b"host=other\nUser=you\n",
    b"\tCompression yes\r\n",
    b"# caf\xc3\xa9 and \xff\xfe no text at all\n",
    b"",
]


def everything(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return what a folder holds: names, modes, contents."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            os.readlink(path) if path.is_symlink() else b"" if path.is_dir() else path.read_bytes(),
        )
        for path in sorted(folder.rglob("*"))
    }


def asked(folder: Path, host: str = "workbench") -> dict[str, str]:
    """Return what OpenSSH itself makes of the configuration."""
    ssh = shutil.which("ssh")
    if ssh is None:
        pytest.skip("needs OpenSSH's client")
    done = subprocess.run(
        [ssh, "-F", str(folder / "config"), "-G", host], capture_output=True, text=True, check=True
    )
    rows = (line.partition(" ") for line in done.stdout.splitlines())
    return {name: value for name, _, value in rows}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0o022)
    yield tmp_path
    os.umask(before)


@pytest.mark.parametrize("seed", range(40))
def test_any_configuration_is_as_it_was_after_removal(home: Path, seed: int) -> None:
    draw = random.Random(seed)
    folder = home / ".ssh"
    folder.mkdir(mode=0o700)
    config = folder / "config"
    config.write_bytes(b"".join(draw.choices(PARTS, k=draw.randrange(6))))
    config.chmod(draw.choice([0o600, 0o644, 0o400]))
    if draw.random() < 0.3:
        (home / "dotfiles").mkdir()
        config.rename(home / "dotfiles" / "ssh-config")
        config.symlink_to("../dotfiles/ssh-config")
    before, files = everything(home), SshFiles(folder)
    aliases = draw.sample(["workbench", "lab", "a.b-c_d", "x"], k=draw.randint(1, 4))
    for alias in aliases + draw.choices(aliases, k=2):
        files.write(alias, ALIAS.replace("workbench", alias))
    assert files.is_included()
    draw.shuffle(aliases)
    for alias in aliases:
        assert files.remove(alias)
    assert everything(home) == before


@pytest.mark.parametrize("folder_is_there", [True, False])
def test_what_was_not_there_is_gone_again(home: Path, folder_is_there: bool) -> None:
    folder = home / ".ssh"
    if folder_is_there:
        folder.mkdir(mode=0o755)
    before, files = everything(home), SshFiles(folder)
    files.write("workbench", ALIAS)
    assert (folder / "config").stat().st_mode & 0o777 == 0o600
    assert files.ours.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_mode & 0o777 == (0o755 if folder_is_there else 0o700)
    files.remove("workbench")
    assert everything(home) == before


def test_what_a_person_wrote_meanwhile_stays(home: Path) -> None:
    files = SshFiles(home / ".ssh")
    files.write("workbench", ALIAS)
    with files.config.open("ab") as file:
        file.write(b"Host mine\r\n")
    files.remove("workbench")
    assert files.config.read_bytes() == b"Host mine\r\n"


def test_a_line_that_was_there_before_stays(home: Path) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    files = SshFiles(folder)
    files.config.write_text(f"# my dotfiles\n{files.include}\nHost *\n")
    before = everything(home)
    files.write("workbench", ALIAS)
    assert everything(home)[".ssh/config"] == before[".ssh/config"]
    files.remove("workbench")
    assert everything(home) == before


def test_a_line_below_a_host_is_not_enough(home: Path) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    files = SshFiles(folder)
    files.config.write_text(f"Host other\n{files.include}\n")
    before = everything(home)
    files.write("workbench", ALIAS)
    assert asked(folder)["hostname"] == "203.0.113.7"
    files.remove("workbench")
    assert everything(home) == before


@pytest.mark.parametrize(
    "config",
    [
        b"Host *\n    HostName elsewhere\n    User me\n",
        b"Match host nothing\n    HostName elsewhere\n    User me\n",
        b"Match all\r\n    HostName elsewhere\r\n    User me\r\n",
        b"HostName elsewhere\nUser me",
    ],
)
def test_openssh_takes_ours_whatever_the_person_has(home: Path, config: bytes) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    (folder / "config").write_bytes(config)
    theirs = asked(folder, "elsewhere")
    SshFiles(folder).write("workbench", ALIAS)
    assert (asked(folder)["hostname"], asked(folder)["user"]) == ("203.0.113.7", "ubuntu")
    assert asked(folder, "elsewhere") == theirs


def test_openssh_finds_ours_in_a_folder_with_odd_signs(home: Path) -> None:
    folder = home / "my [own] *files" / ".ssh"
    folder.mkdir(parents=True)
    SshFiles(folder).write("workbench", ALIAS)
    assert asked(folder)["hostname"] == "203.0.113.7"


def test_a_dangling_link_is_followed_and_left_dangling(home: Path) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    (folder / "config").symlink_to(home / "elsewhere")
    before, files = everything(home), SshFiles(folder)
    files.write("workbench", ALIAS)
    assert files.is_included()
    files.remove("workbench")
    assert everything(home) == before


def test_a_link_to_nowhere_writable_is_told_with_the_line_to_add(home: Path) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    (folder / "config").symlink_to(home / "no" / "such" / "folder")
    files = SshFiles(folder)
    with pytest.raises(WorkbenchError, match="can't be changed") as refused:
        files.write("workbench", ALIAS)
    assert refused.value.hint == files.include
    files.remove("workbench")


def test_a_configuration_that_openssh_would_refuse_is_told(home: Path) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    (folder / "config").write_text("Host *\n")
    (folder / "config").chmod(0o664)
    with pytest.raises(WorkbenchError, match="Others can write") as refused:
        SshFiles(folder).write("workbench", ALIAS)
    assert refused.value.hint == f"chmod go-w {folder / 'config'}"
    assert not (folder / "workbench.d").exists()


def test_a_killed_write_leaves_what_removal_understands(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    (folder / "config").write_bytes(b"Host *")
    before, files, replace = everything(home), SshFiles(folder), os.replace
    for step in range(3):
        left = iter(range(step))

        def killed(source: str, target: Path, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            replace(source, target)

        monkeypatch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            files.write("workbench", ALIAS)
        monkeypatch.setattr(os, "replace", replace)
        files.remove("workbench")
        assert everything(home) == before
