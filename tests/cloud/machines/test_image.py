"""The machine image is built once, and what prevents that is said in one sentence."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from processes import processes_naming

from workbench.errors import MissingToolError
from workbench.progress import Progress
from workbench.rehearsal.machines import image
from workbench.rehearsal.machines.image_problems import DiskFullError
from workbench.rehearsal.machines.image_problems import ImageError
from workbench.rehearsal.machines.image_problems import MirrorUnreachableError

pytestmark = pytest.mark.machine


@pytest.fixture
def other_inputs(monkeypatch, tmp_path):
    """An image that isn't there yet, built in a folder of the test's own."""
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    inputs = replace(image.Inputs.of_this_computer(), packages=("base-files",))
    monkeypatch.setattr(image.Inputs, "of_this_computer", lambda: inputs)
    return inputs


def left_behind(tmp_path):
    return [path for path in (tmp_path / "cache/images").iterdir() if path.name != "lock"]


def test_is_there_already(engine):
    client, tag = engine
    assert image.ensure_image(client, Progress(quiet=True)).tag == tag
    assert tag == image.Inputs.of_this_computer().tag()


def test_has_another_tag_when_anything_it_is_made_of_changes():
    inputs = image.Inputs.of_this_computer()
    others = [
        replace(inputs, packages=(*inputs.packages, "vim")),
        replace(inputs, sources=inputs.sources + "#"),
        replace(inputs, settings="Acquire::Retries 3;"),
        replace(inputs, certificates=("another",)),
    ]
    assert len({each.tag() for each in [inputs, *others]}) == 5


def test_mirror_out_of_reach(engine, other_inputs, monkeypatch, tmp_path):
    source = "Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: bookworm\nComponents: main\n"
    monkeypatch.setattr(
        image.Inputs, "of_this_computer", lambda: replace(other_inputs, sources=source)
    )
    with pytest.raises(MirrorUnreachableError, match=r"127\.0\.0\.1:9") as error:
        image.ensure_image(engine[0], Progress(quiet=True))
    assert "\n" not in error.value.message
    assert left_behind(tmp_path) == []


def test_disk_too_full_to_begin(engine, other_inputs, monkeypatch):
    monkeypatch.setattr(image, "NEEDED", 10**9)
    with pytest.raises(DiskFullError, match="too full"):
        image.ensure_image(engine[0], Progress(quiet=True))


def test_disk_full_in_the_middle(engine, other_inputs, monkeypatch, tmp_path):
    monkeypatch.setattr(image, "_check_room", lambda _client: None)
    folder = tmp_path / "cache"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "none", str(folder)], check=True)
    try:
        with pytest.raises(DiskFullError):
            image.ensure_image(engine[0], Progress(quiet=True))
        assert left_behind(tmp_path) == []
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_unknown_package(engine, other_inputs, monkeypatch, tmp_path):
    monkeypatch.setattr(
        image.Inputs, "of_this_computer", lambda: replace(other_inputs, packages=("no-such",))
    )
    with pytest.raises(ImageError, match="no-such") as error:
        image.ensure_image(engine[0], Progress(quiet=True))
    assert "\n" not in error.value.message
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_in_the_middle(number, engine, monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    program = (
        "from workbench.progress import Progress\n"
        "from workbench.rehearsal.machines import image, image_inputs\n"
        "from workbench.rehearsal.docker_engine import ensure_engine\n"
        "image_inputs.PACKAGES = ('ca-certificates', 'less')\n"
        "image.ensure_image(ensure_engine(Progress()), Progress())"
    )
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as builder:
        wait_until(lambda: list(tmp_path.glob("cache/images/build-*/mmdebstrap.*/usr")), builder)
        builder.send_signal(number)
        builder.communicate(timeout=60)
    wait_until(lambda: not processes_naming(str(tmp_path)))
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    # A killed one can't tidy up: the next does.
    if number == signal.SIGKILL:
        with image._only_one_builder(Progress(quiet=True)):
            pass
    assert left_behind(tmp_path) == []


def wait_until(true, process=None, limit=120):
    end = time.monotonic() + limit
    while not true():
        assert process is None or process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.1)


def test_without_root(engine, other_inputs, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(MissingToolError, match="Only root"):
        image.ensure_image(engine[0], Progress(quiet=True))


def test_without_the_builder(engine, other_inputs, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="mmdebstrap"):
        image.ensure_image(engine[0], Progress(quiet=True))
