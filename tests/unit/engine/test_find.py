"""Where an engine comes from: PATH, the cache, the official installer, a build; in that order."""

import subprocess
import sys

import pytest

from workbench.engine import find
from workbench.engine.find import ensure_engine
from workbench.engine.find import find_engine
from workbench.engine.versions import PINNED
from workbench.errors import MissingToolError

# A compiler that knows one program: an engine.
GO = f"""\
case "$1" in
  env) echo go1.26.0 ;;
  list) echo "go: downloading example.org/module v1.0.0" >&2; echo example.org/module/cmd ;;
  build)
    for argument; do case "$argument" in -o=*) folder="${{argument#-o=}}" ;; esac; done
    echo example.org/module/cmd
    printf '#!/bin/sh\\necho v{PINNED}\\n' > "$folder/pulumi"
    chmod +x "$folder/pulumi" ;;
esac
"""


def test_there_may_be_none():
    assert find_engine() is None


def test_the_one_on_path_is_taken_first(pulumi, cached):
    pulumi(PINNED, folder=cached)
    on_path = pulumi("3.300.1")
    engine = find_engine()
    assert (engine.command, engine.version, engine.origin) == (on_path, "3.300.1", "path")


@pytest.mark.parametrize("version", ["3.100.0", "4.0.0", "2.9.9", "dev", ""])
def test_another_generation_on_path_is_left_alone(pulumi, cached, version):
    pulumi(version)
    assert find_engine() is None
    pulumi(PINNED, folder=cached)
    assert find_engine().command == cached / "pulumi"


def test_one_that_does_not_run_is_left_alone(program):
    program("pulumi", "exit 1")
    assert find_engine() is None


def test_the_projects_own_engine_on_path_is_known_as_such(pulumi, cached, monkeypatch):
    # As after `eval "$(workbench env)"`.
    pulumi(PINNED, folder=cached)
    monkeypatch.setenv("PATH", f"{cached}:/bin")
    assert find_engine().origin == "built"


def test_an_official_language_host_beside_the_engine_or_on_path_is_seen(pulumi, program, cached):
    pulumi(PINNED, folder=cached)
    assert not find_engine().has_language_host
    program("pulumi-language-python", "exit 0", folder=cached)
    engine = find_engine()
    assert (engine.origin, engine.has_language_host) == ("installed", True)
    pulumi(PINNED)
    assert not find_engine().has_language_host
    program("pulumi-language-python", "exit 0")
    assert find_engine().has_language_host


def test_the_official_installer_comes_before_a_build(program, progress, monkeypatch, cached):
    program("go", "touch $0.was-asked; exit 1")
    monkeypatch.setattr(
        "workbench.engine.official._INSTALL",
        "import os, pathlib, sys\n"
        "bin = pathlib.Path(sys.argv[1]) / 'bin'; bin.mkdir(parents=True)\n"
        "for name in ('pulumi', 'pulumi-language-python'):\n"
        f"    (bin / name).write_text('#!/bin/sh\\necho v{PINNED}\\n')\n"
        "    (bin / name).chmod(0o755)\n",
    )
    engine = ensure_engine(progress)
    assert (engine.command, engine.origin) == (cached / "pulumi", "installed")
    assert engine.has_language_host
    assert not list(cached.parents[3].glob("**/go.was-asked"))


def test_without_a_network_for_the_installer_it_is_built(
    program, progress, no_installer, cached, tmp_path
):
    program("go", GO)
    engine = ensure_engine(progress)
    assert (engine.command, engine.origin) == (cached / "pulumi", "built")
    assert not engine.has_language_host
    log = (tmp_path / "log").read_text()
    assert "Name or service not known" in log
    assert "fetching module 1: example.org/module" in log
    assert "compiling 1 of 1: example.org/module/cmd" in log


def test_a_second_call_finds_what_the_first_made(program, progress, no_installer):
    program("go", GO)
    assert ensure_engine(progress) == ensure_engine(progress)


def failure(progress):
    with pytest.raises(MissingToolError) as caught:
        ensure_engine(progress)
    assert not list(find.engine_dir().glob(".making*"))
    assert not list(find.engine_dir().glob("pulumi-*"))
    return caught.value


def test_without_go_the_error_says_what_to_install(progress, no_installer):
    error = failure(progress)
    assert "Name or service not known" in error.message
    assert "Go isn't installed" in error.message
    assert f"Install Pulumi {PINNED} or newer" in error.hint
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("write /x: no space left on device", "the disk is full"),
        ("compile: signal: killed", "ran out of memory"),
        ("go: go.mod requires go >= 1.26 (running go 1.22)", "Go is too old"),
        (
            "go: example.org/m@v1: Get https://proxy/m: dial tcp: lookup proxy: no such host",
            "the modules can't be fetched",
        ),
        ("something else", "something else"),
    ],
)
def test_a_build_that_fails_says_why(program, progress, no_installer, said, told):
    program("go", f'case "$1" in env) echo go1.26.0;; *) echo "{said}" >&2; exit 1;; esac')
    assert told in failure(progress).message


@pytest.mark.parametrize("version", ["go1.19.8", "go1.20"])
def test_a_go_that_is_too_old_is_not_even_started(program, progress, no_installer, version):
    program("go", f"echo {version}")
    assert "is older than Go 1.26" in failure(progress).message


def test_an_engine_that_does_not_run_is_not_put_in_place(program, progress, no_installer):
    program("go", GO.replace(f"echo v{PINNED}", "exit 1"))
    assert "doesn't run" in failure(progress).message


def test_an_interrupted_build_leaves_no_engine_and_no_process(
    program, progress, no_installer, monkeypatch
):
    program("go", GO.replace("build)", "build) echo slow/package; exec tail -f /dev/null;"))

    def interrupt(build, line):
        if line == "slow/package":
            raise KeyboardInterrupt

    monkeypatch.setattr("workbench.go_build._Build._note", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ensure_engine(progress)
    assert find_engine() is None
    assert not list(find.engine_dir().glob(".making*"))


def test_two_processes_build_it_once(program, progress, no_installer, tmp_path):
    program("go", GO.replace("build)", f"build) echo x >> {tmp_path / 'builds'};"))
    script = (
        "import workbench.engine.official as official\n"
        "official._INSTALL = 'raise SystemExit(1)'\n"
        "from workbench.engine.find import ensure_engine\n"
        "from workbench.progress import Progress\n"
        "print(ensure_engine(Progress(quiet=True)).command)"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert said[0] == said[1] != ""
    assert (tmp_path / "builds").read_text() == "x\n"
