"""The plugin as a process: put in place, started, told to end."""

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from workbench.errors import WaitTimeoutError
from workbench.rehearsal.provider.cloud import Cloud
from workbench.rehearsal.provider.failures import ProviderError
from workbench.rehearsal.provider.install import install_plugin
from workbench.rehearsal.provider.install import plugin_version
from workbench.rehearsal.provider.settings import Settings


def plugin(home: Path) -> Path:
    return home / "plugins" / f"resource-aws-v{plugin_version()}" / "pulumi-resource-aws"


def test_it_is_installed_once_and_starts_from_any_folder(tmp_path: Path) -> None:
    install_plugin(tmp_path)
    program = plugin(tmp_path)
    before = program.stat().st_mtime_ns
    install_plugin(tmp_path)
    assert program.stat().st_mtime_ns == before
    assert os.access(program, os.X_OK)

    process = subprocess.Popen([program, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd="/")
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 1024
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert process.stdout.read() == "", "the port is all it says"
    process.stdout.close()


def test_it_ends_when_its_engine_was_killed(tmp_path: Path) -> None:
    install_plugin(tmp_path)
    # A parent that starts the plugin and dies, as an engine that was killed.
    parent = subprocess.Popen(
        ["/bin/sh", "-c", '"$0" 127.0.0.1:1 & read -r _', plugin(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert int(parent.stdout.readline()) > 1024
    parent.kill()
    parent.wait(10)
    # The pipe ends once the plugin, the last to hold it, has ended.
    assert parent.stdout.read() == ""
    parent.stdout.close()
    assert parent.stdin is not None
    parent.stdin.close()


def test_a_wait_ends_at_its_limit_and_says_what_it_waited_for() -> None:
    cloud = Cloud(lambda *_: None, Settings()).within(0)
    with pytest.raises(WaitTimeoutError, match="Waited 0 seconds for the tide: it did not happen"):
        cloud.wait("the tide", lambda: False)


def test_a_wait_ends_when_the_engine_cancels() -> None:
    stop = threading.Event()
    cloud = Cloud(lambda *_: None, Settings(), stop=stop)

    def never() -> bool:
        stop.set()
        return False

    with pytest.raises(ProviderError, match="Stopped while waiting for the tide"):
        cloud.wait("the tide", never)
