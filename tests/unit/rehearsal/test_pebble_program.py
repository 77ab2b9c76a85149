"""The pebble that knows profiles is built once, from what go.mod pins, where it is asked for."""

import re
from pathlib import Path

import pytest

from workbench.go_build import BuildUnavailable
from workbench.progress import Progress
from workbench.rehearsal.pebble import program

# Go as far as the build needs it, and how often it was asked to build.
GO = """#!/bin/sh
case "$1" in
env) echo go1.26.8;;
list) echo example.org/pebble;;
build) echo x >> {builds}; for o in "$@"; do case $o in -o=*) out=${{o#-o=}};; esac; done
  printf '#!/bin/sh\\n' > "${{out}}pebble"; chmod +x "${{out}}pebble";;
esac
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def put_go(folder: Path, text: str) -> None:
    (folder / "go").write_text(text)
    (folder / "go").chmod(0o755)


def test_it_is_built_once_and_kept(cache: Path) -> None:
    put_go(cache, GO.format(builds=cache / "builds"))
    assert program.find_profiled() is None
    built = program.ensure_profiled(Progress(quiet=True))
    assert built == program.find_profiled() == program.ensure_profiled(Progress(quiet=True))
    assert built.is_relative_to(cache / "cache")
    assert (cache / "builds").read_text() == "x\n"


@pytest.mark.parametrize(
    ("go", "why"),
    [
        ('#!/bin/sh\n[ "$1" = env ] && echo go1.26.8 || exit 1\n', "building it failed"),
        ("#!/bin/sh\necho go1.19.8\n", "older than Go 1.26"),
    ],
)
def test_a_build_that_fails_says_why_and_leaves_nothing(cache: Path, go: str, why: str) -> None:
    put_go(cache, go)
    with pytest.raises(BuildUnavailable, match=why):
        program.ensure_profiled(Progress(quiet=True))
    assert program.find_profiled() is None
    assert [each.name for each in (cache / "cache" / "pebble").iterdir()] == ["lock"]


def test_what_is_built_is_the_version_it_is_named_by() -> None:
    pinned = re.search(
        r"letsencrypt/pebble/v2 v(\S+)", (program.PEBBLE.folder / "go.mod").read_text()
    )
    assert pinned
    assert pinned[1] == program.VERSION
