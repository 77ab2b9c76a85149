"""Run ``pulumi`` for the Automation API, in an environment and a process group of its own."""

import subprocess
import threading
from collections.abc import Callable
from collections.abc import Mapping
from typing import IO
from typing import Any

from pulumi.automation import CommandResult
from pulumi.automation import PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from workbench.engine.find import Engine
from workbench.engine.interruption import interrupts_passed_on
from workbench.engine.interruption import new_group

OnLine = Callable[[str], Any]


class EngineCommand(PulumiCommand):
    """The engine's command line.

    Differs from the base class in three ways: it asks for no version (``find`` knows it), the
    environment is given whole instead of added to this process's, and Ctrl-C is passed on to
    the engine once instead of leaving it to the terminal and to chance.
    """

    def __init__(
        self, engine: Engine, environment: Mapping[str, str], on_interrupt: Callable[[int], None]
    ) -> None:
        self.command = str(engine.command)
        self.version = VersionInfo.parse(engine.version)
        self._environment = dict(environment)
        self._on_interrupt = on_interrupt
        # The result of the last command; the Automation API's errors hold only its text.
        self.last = CommandResult("", "", 0)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
    ) -> CommandResult:
        """Run one command; raise the Automation API's error for it if it fails."""
        result = self.execute(args, cwd, additional_env, on_output, on_error)
        if result.code != 0:
            raise create_command_error(result)
        return result

    def execute(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
        stdin: str = "",
    ) -> CommandResult:
        """Run one command, with ``stdin`` for what must not be an argument."""
        output: list[str] = []
        errors: list[str] = []
        with interrupts_passed_on(self._on_interrupt) as interrupts:
            process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**self._environment, **additional_env, "PULUMI_AUTOMATION_API": "true"},
                encoding="utf-8",
                errors="replace",
                **new_group(),  # type: ignore[call-overload]
            )
            threads = [
                _reader(process.stdout, on_output, output),
                _reader(process.stderr, on_error, errors),
                threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True),
            ]
            for thread in threads:
                thread.start()
            interrupts.follow(process, threads)
        self.last = CommandResult("\n".join(output), "\n".join(errors), process.returncode)
        return self.last


def _reader(stream: IO[str] | None, callback: OnLine | None, lines: list[str]) -> threading.Thread:
    def read() -> None:
        for line in stream or ():
            lines.append(line.rstrip())
            if callback is not None:
                callback(line.rstrip())
        if stream is not None:
            stream.close()

    return threading.Thread(target=read, daemon=True)


def _feed(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
        stream.close()
    except BrokenPipeError:
        return  # the command ended without reading it: its exit code says more
