"""Run a walkthrough's blocks in one shell, as a reader types them, and compare what they print."""

import base64
import os
import re
import select
import subprocess
import time
from pathlib import Path

from documented import note
from sybil import Document
from sybil import Example
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

# Seconds, where a block names no limit of its own.
LIMIT = 300
WILD = "…"
AS_CODE = "\n## The same, as code\n"
START = "workbench labs.start "
HERE = re.compile(r"<<'?([A-Z]+)'?$")
COMMENT = re.compile(r"<!--([^>]*)-->\s*\Z")
# What a block's comment may say: its exit code, its seconds, why it isn't run, that its first
# command opens a shell on the server, in which the rest is typed.
ATTRIBUTES = {"exit", "limit", "not run", "enters"}
# Where tunnels begin on this computer: another place for each process of the tests, as a reader
# would choose another one where it is taken.
TUNNELS = r"\b{}(?=000\b|787\b)"
OURS = 18 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


class Shell:
    """One bash, whose names and folder stay from command to command."""

    def __init__(self, argv: list[str], env: dict[str, str], cwd: Path) -> None:
        self._bash = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._bash.stdin
        assert self._bash.stdout
        self._in, self._out = self._bash.stdin, self._bash.stdout.fileno()
        self._number = 0

    def run(self, command: str, limit: float = LIMIT) -> tuple[int, str]:
        """Run a command; return its exit code and what it printed."""
        note(command)
        command = re.sub(TUNNELS.format(18), str(OURS), command)
        text = base64.b64encode(command.encode()).decode()
        # In this very shell, and without its input, in which the next command is.
        return self._send(f'eval "$(echo {text} | base64 -d)" </dev/null', limit)

    def enter(self, command: str, limit: float = LIMIT) -> tuple[int, str]:
        """Run a command that opens another shell, in which the next ones are run."""
        return self._send(command, limit)

    def leave(self, command: str, limit: float = LIMIT) -> tuple[int, str]:
        """Run a command that ends the other shell."""
        self._in.write(f"{command}\n".encode())
        self._in.flush()
        # What is written before it has ended would be the other shell's.
        children = Path(f"/proc/{self._bash.pid}/task/{self._bash.pid}/children")
        stop = time.monotonic() + limit
        while children.read_text().strip():
            assert time.monotonic() < stop, f"{command} didn't finish within {limit} s"
            time.sleep(0.05)
        return self._send("true", limit)

    def _send(self, line: str, limit: float) -> tuple[int, str]:
        self._number += 1
        end = f"==== {self._number} "
        saved = f'__code=$?; echo; echo "{end}$__code"'
        self._in.write(f"{line}\n{saved}\n".encode())
        self._in.flush()
        printed = self._read_until(end, limit)
        before, _, after = printed.partition(f"\n{end}")
        return int(after.strip()), re.sub(TUNNELS.format(OURS), "18", before)

    def _read_until(self, end: str, limit: float) -> str:
        printed, stop = "", time.monotonic() + limit
        while not re.search(rf"\n{end}\d+\n", printed):
            left = stop - time.monotonic()
            ready, _, _ = select.select([self._out], [], [], max(0, left))
            if not ready:
                raise AssertionError(f"nothing ended within {limit} s; printed: {printed[-3000:]}")
            chunk = os.read(self._out, 65536)
            if not chunk:
                raise AssertionError(f"the shell ended; printed: {printed[-3000:]}")
            printed += chunk.decode(errors="replace")
        return printed

    def close(self) -> None:
        self._bash.kill()
        self._bash.wait()
        for pipe in (self._bash.stdin, self._bash.stdout):
            assert pipe
            pipe.close()


class Reader:
    """Evaluate a document's blocks: commands begin with ``$``, other lines are what they print."""

    def __init__(self, shell: Shell, *, begun: bool = False) -> None:
        self.shell = shell
        # The lab was begun by another command than the walkthrough's.
        self._begun = begun
        self._inside = False
        self.differing: list[str] = []

    def __call__(self, example: Example) -> None:
        attributes = attributes_of(example)
        if "not run" in attributes:
            return
        code, limit = int(attributes.get("exit", 0)), float(attributes.get("limit", LIMIT))
        commands = commands_of(example.parsed)
        if self._begun and commands[0][0].startswith(START):
            del commands[0]
            self._begun = False
        for index, (command, expected) in enumerate(commands):
            opens = "enters" in attributes and index == 0
            leaves = self._inside and command == "exit"
            run = self.shell.enter if opens else self.shell.leave if leaves else self.shell.run
            got, printed = run(command, limit)
            if opens or leaves:
                self._inside = opens
            wanted = code if index == len(commands) - 1 else 0
            where = f"{example.path}:{example.line}: $ {command}"
            if got != wanted:
                raise AssertionError(f"{where}\nended with {got}, not {wanted}:\n{printed}")
            if expected and not matches(expected, printed):
                # What comes after may still work, and is worth knowing.
                self.differing.append(f"{where}\nprinted:\n{printed}")


def attributes_of(example: Example) -> dict[str, str]:
    """Return what the comment right before a block says."""
    found = COMMENT.search(example.document.text[: example.region.start])
    pairs = [each.partition(":") for each in found[1].split(";")] if found else []
    attributes = {name.strip(): value.strip() for name, _, value in pairs}
    assert set(attributes) <= ATTRIBUTES, attributes
    assert attributes.get("not run", "why") != "", "a block that isn't run needs a reason"
    return attributes


def commands_of(block: str) -> list[tuple[str, list[str]]]:
    """Return a block's commands, each with the lines that it should print.

    A command goes on after a backslash, and up to the word that ends its here-document.
    """
    commands: list[tuple[str, list[str]]] = []
    goes_on, end = False, ""
    for line in block.splitlines():
        is_command = line.startswith("$ ") and not end
        if is_command:
            commands.append((line[2:], []))
            document = HERE.search(line)
            end = document[1] if document else ""
        elif end or goes_on:
            commands[-1] = (f"{commands[-1][0]}\n{line}", [])
            end = "" if line == end else end
        else:
            commands[-1][1].append(line)
        goes_on = line.endswith("\\") and not end and (goes_on or is_command)
    return commands


def matches(expected: list[str], printed: str) -> bool:
    """Whether a text is as expected, but for spaces and for what ``…`` stands for."""
    lines = ["(?:.*\n)*?" if line == WILD else f"{_pattern(line)}\n" for line in expected]
    text = "".join(f"{' '.join(line.split())}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch("".join(lines) + "\n*", text) is not None


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in re.split(WILD, " ".join(line.split())))


def walk(path: Path, shell: Shell) -> None:
    """Run a walkthrough from its first block to its last."""
    reader = Reader(shell)
    for example in parse(path, reader).examples():
        example.evaluate()
    assert not reader.differing, "\n\n".join(reader.differing)


def walk_again(path: Path, shell: Shell) -> None:
    """Reset a lab that was walked through, and do it manually once more."""
    code, printed = shell.run("workbench labs.reset --yes", 2 * LIMIT)
    assert code == 0, printed
    walk_manually(path, shell)


def walk_manually(path: Path, shell: Shell) -> None:
    """Run a walkthrough whose lab is begun as far as it is typed, without the part as code."""
    _walk_part(path, shell, is_code=False)


def walk_as_code(path: Path, shell: Shell, number: int, typed: str = "true") -> None:
    """Begin a lab with nothing, and run its part as code; ``test_in_order.py`` types the rest.

    ``typed`` makes on the reader's computer what the rest leaves there for this part.
    """
    begin = f"workbench labs.start {number} --empty --yes && cd ~/do4ds-lab && source lab.env"
    code, printed = shell.run(f"{begin} && {typed}", 2 * LIMIT)
    assert code == 0, printed
    _walk_part(path, shell, is_code=True)


def _walk_part(path: Path, shell: Shell, *, is_code: bool) -> None:
    reader = Reader(shell, begun=not is_code)
    document = parse(path, reader)
    border = document.text.index(AS_CODE)
    for example in document.examples():
        if (example.region.start > border) == is_code:
            example.evaluate()
    assert not reader.differing, "\n\n".join(reader.differing)


def parse(path: Path, reader: Reader | None = None) -> Document:
    """Return a walkthrough's blocks."""
    parsers = [CodeBlockParser("console", reader or (lambda example: None))]
    return Sybil(parsers=parsers).parse(path)
