"""The ``workbench`` command: Fabric's own program around the project's tasks."""

import io
import os
import re
import signal
import sys
from importlib import metadata

from fabric import Config
from fabric import Executor
from fabric.main import Fab
from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.exceptions import ParseError
from invoke.parser.context import ParserContext

from workbench import __version__
from workbench.errors import did_you_mean
from workbench.tasks import namespace
from workbench.tasks.command_name import command_name
from workbench.tasks.errors import DEBUG

USAGE_ERROR = 2

# Fabric has a dozen more, for running plain shell commands on hosts; they work, unlisted.
SHOWN_OPTIONS = ("help", "list", "version", "debug")

# What a task is about when no word says it: Invoke has no default for a word without an option.
DEFAULT_WORDS = {
    "open": "landing",
    "logs": "",
    "ssh.connect": "",
    "data.restore": "",
    "labs.check": "",
    "labs.hint": "",
    "labs.solve": "",
    "labs.break": "",
    "labs.reset": "",
}

EPILOGUE = """\
Start with:   workbench up
A task's options follow its name:   workbench up --help
"""


class WorkbenchProgram(Fab):  # type: ignore[misc]
    """Show help in 80 columns, and end bad input with one sentence."""

    def normalize_argv(self, argv: list[str] | None) -> None:
        """Put ``--help`` before the task: behind it, Invoke takes it for a missing argument."""
        super().normalize_argv(argv)
        program, *words = list[str](self.argv)
        if words and not words[0].startswith("-") and {"--help", "-h"} & set(words):
            self.argv: list[str] = [program, "--help", words[0]]

    def parse_core(self, argv: list[str] | None) -> None:
        """Parse the options before the task's name."""
        super().parse_core(argv)
        # Invoke turns bytecode off; with it, importing Pulumi's SDK would take seconds each time.
        sys.dont_write_bytecode = False
        if self.args.debug.value:
            os.environ[DEBUG] = "1"

    def parse_tasks(self) -> None:
        """Parse the task's name and options."""
        try:
            self._parse_words()
        except ParseError as error:
            raise Exit(self._usage_sentence(error), USAGE_ERROR) from error

    def _parse_words(self) -> None:
        """Parse them; where a word is missing that has a default, with the default."""
        try:
            super().parse_tasks()
        except ParseError as error:
            task = getattr(getattr(error, "context", None), "name", None)
            if "required positional arguments" not in str(error) or task not in DEFAULT_WORDS:
                raise
            self.core.unparsed.append(DEFAULT_WORDS[task])
            super().parse_tasks()

    def parse_cleanup(self) -> None:
        """Answer ``--help`` and ``--list``."""
        try:
            super().parse_cleanup()
        except ParseError as error:
            raise Exit(self._usage_sentence(error), USAGE_ERROR) from error

    def _usage_sentence(self, error: ParseError) -> str:
        said = str(error)
        task = getattr(getattr(error, "context", None), "name", None)
        option = re.match(r"Flag <Argument: ([\w-]+).* needed value", said)
        if option:
            return f"The option --{option[1]} needs a value.\n  {command_name()} {task} --help"
        if "required positional arguments" in said:
            needed = " ".join([str(task), *_positional(error.context)])
            return (
                f"More arguments are needed: {command_name()} {needed}\n  {command_name()}"
                f" {task} --help"
            )
        if not said.startswith("No idea what"):
            return f"{said}\n  {command_name()} --list"
        token = said.partition("'")[2].rpartition("'")[0]
        if token.startswith("-"):
            return self._unknown_option(token, task)
        return self._unknown_task(token, task)

    def _unknown_option(self, token: str, task: str | None) -> str:
        if task is None:
            return (
                f"There is no option {token} before a task's name; a task's options follow it."
                f"\n  {command_name()} --help"
            )
        hint = did_you_mean(token, self.parser.contexts[task].flags)
        return f"The task {task} has no option {token}.{hint}\n  {command_name()} {task} --help"

    def _unknown_task(self, token: str, task: str | None) -> str:
        names = sorted(self.parser.contexts)
        below = [name for name in names if name.startswith(f"{token}.")]
        if below:
            return f"{token} is a collection of tasks: {', '.join(below)}"
        if task is not None:
            return f"The task {task} doesn't take {token!r}.\n  {command_name()} {task} --help"
        hint = did_you_mean(token, names)
        return f"There is no task {token!r}.{hint}\n  {command_name()} --list"

    def print_version(self) -> None:
        """Print the versions that matter in a report."""
        python = ".".join(map(str, sys.version_info[:3]))
        print(f"workbench {self.version}")
        print(
            f"Python {python}, Fabric {metadata.version('fabric')},"
            f" Pulumi SDK {metadata.version('pulumi')}"
        )

    def print_help(self) -> None:
        """Print what the program is for, its tasks, and the few options that matter."""
        print(f"Usage: {self.binary} TASK [options]\n")
        print("A data science workbench: R, Python, RStudio and JupyterHub on one server.\n")
        self.list_tasks()
        print("Options:\n")
        arguments = [each for each in self.core_args() if each.name in SHOWN_OPTIONS]
        self.print_columns(ParserContext(args=arguments).help_tuples())
        print(EPILOGUE, end="")

    def print_task_help(self, name: str) -> None:
        """Print a task's docstring and options."""
        options = _options(self.parser.contexts[name])
        words = [self.binary, name, *_positional(self.parser.contexts[name])]
        print(f"Usage: {' '.join(words)}{' [options]' if options else ''}\n")
        for line in (self.collection[name].__doc__ or "").strip().splitlines():
            print(line.removeprefix("    "))
        if options:
            print("\nOptions:\n")
            self.print_columns(options)

    def task_list_opener(self, extra: str = "") -> str:
        """Name the list of tasks."""
        return f"Tasks{f' ({extra})' if extra else ''}"


def _options(context: ParserContext) -> list[tuple[str, str | None]]:
    """Return a task's options with their help; Invoke shows no value where several may come."""
    return [
        (re.sub(r"(?=,|$)", "=STRING", names), said)
        if context.flags[names.rpartition(" ")[2].partition("=")[0]].kind is list
        else (names, said)
        for names, said in context.help_tuples()
    ]


def _positional(context: ParserContext | None) -> list[str]:
    arguments = context.positional_args if context else []
    words = [str(argument.name).replace("_", "-").upper() for argument in arguments]
    return [f"[{word}]" for word in words] if context and context.name in DEFAULT_WORDS else words


def make_program(tasks: Collection = namespace) -> WorkbenchProgram:
    """Return the program for these tasks, not yet run."""
    return WorkbenchProgram(
        name="workbench",
        binary="workbench",
        version=__version__,
        namespace=tasks,
        executor_class=Executor,
        config_class=Config,
    )


def main() -> None:
    """Run the ``workbench`` command."""
    # A terminal that can't show a sign gets another one instead of an error.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # A shell script's background jobs ignore Ctrl-C by default, and SIGTERM would end this process
    # without a word: both are to end with a sentence that says what exists.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        make_program().run()
    except BrokenPipeError:
        # Who read this has gone, as `| head` does; Python would write once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
