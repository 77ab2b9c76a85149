"""A lab as its folder has it: ``lab.toml``, read once, with a sentence for every mistake in it."""

import tomllib
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import TypeVar
from typing import cast

from workbench.checks.labs.table import LAB_CHECKS
from workbench.errors import ConfigError

FILE = "lab.toml"
HINTS = 3
KNOWN_CHECKS = frozenset(check.name for check in LAB_CHECKS)

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """Something to break once a step is done: shell scripts, and the cause in words."""

    name: str
    cause: str
    inject: str
    repair: str


@dataclass(frozen=True)
class Step:
    """One step: what must be true after it, three hints, and the commands that do it.

    ``name`` is what is typed; ``heading`` is the walkthrough's. ``solve`` is a shell script.
    """

    name: str
    heading: str
    checks: tuple[str, ...]
    hints: tuple[str, ...]
    solve: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Lab:
    """One lab. ``needs`` names steps of earlier labs whose solutions make its start state.

    ``start`` is a shell script that adds what no earlier step makes; empty where there is nothing.
    """

    number: int
    folder: Path
    title: str
    minutes: int
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    start: str = ""


def read_labs(folder: Path) -> list[Lab]:
    """Return the labs in a folder, in order. Raises ConfigError where one has a mistake."""
    labs = [read_lab(file.parent) for file in sorted(folder.glob(f"[0-9][0-9]-*/{FILE}"))]
    known: set[str] = set()
    for lab in labs:
        _refuse_unknown(lab, known)
        names = [step.name for step in lab.steps]
        names += [fault.name for step in lab.steps for fault in step.faults]
        for name in names:
            if name in known:
                raise ConfigError(f"{lab.folder / FILE}: two steps or faults are named {name!r}.")
            known.add(name)
    return labs


def _refuse_unknown(lab: Lab, earlier: set[str]) -> None:
    for name in lab.needs:
        if name not in earlier:
            raise ConfigError(
                f"{lab.folder / FILE}: `needs` has {name!r}, which isn't a step of an earlier lab."
            )


def read_lab(folder: Path) -> Lab:
    """Return the lab in a folder. Raises ConfigError, naming the file and what is wrong in it."""
    path = folder / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read as TOML: {error}") from error
    table = _Table(f"{path}", content)
    lab = Lab(
        number=int(folder.name[:2]),
        folder=folder,
        title=table.text("title"),
        minutes=table.number("minutes"),
        needs=tuple(table.texts("needs")),
        steps=tuple(_read_step(each) for each in table.tables("step")),
        start=table.text("start") if "start" in content else "",
    )
    table.refuse_others()
    return lab


def _read_step(table: "_Table") -> Step:
    step = Step(
        name=table.text("name"),
        heading=table.text("heading"),
        checks=tuple(table.texts("checks")),
        hints=tuple(table.texts("hints")),
        solve=table.text("solve"),
        faults=tuple(_read_fault(each) for each in table.tables("fault", optional=True)),
    )
    table.refuse_others()
    table.require(bool(step.checks), "`checks` names no check: nothing would prove the step")
    for name in step.checks:
        table.require(name in KNOWN_CHECKS, f"`checks` names {name!r}, and there is no such check")
    table.require(
        len(step.hints) == HINTS,
        f"`hints` has {len(step.hints)} texts, but there are {HINTS}:"
        " where to look, which command, the command",
    )
    return step


def _read_fault(table: "_Table") -> Fault:
    fault = Fault(*(table.text(key) for key in ("name", "cause", "inject", "repair")))
    table.refuse_others()
    return fault


class _Table:
    """A table of the file, each of whose keys is asked for once."""

    def __init__(self, where: str, content: Mapping[str, Any]) -> None:
        self.where, self._content = where, dict(content)

    def text(self, key: str) -> str:
        value = self._take(key, str, "a text")
        self.require(bool(value.strip()), f"`{key}` is empty")
        return value

    def number(self, key: str) -> int:
        value = self._take(key, int, "a whole number")
        self.require(value > 0 and not isinstance(value, bool), f"`{key}` must be more than 0")
        return value

    def texts(self, key: str) -> list[str]:
        value: list[Any] = self._take(key, list, "a list of texts")
        self.require(
            all(isinstance(each, str) and each.strip() for each in value),
            f"`{key}` must be a list of texts, and none of them empty",
        )
        return value

    def tables(self, key: str, *, optional: bool = False) -> "Iterable[_Table]":
        if optional and key not in self._content:
            return
        value: list[Any] = self._take(key, list, f"written as [[{key}]]")
        self.require(
            bool(value) and all(isinstance(each, dict) for each in value),
            f"`{key}` must be written as [[{key}]], at least once",
        )
        for index, each in enumerate(value, 1):
            name = each.get("name", index)
            yield _Table(f"{self.where}, {key} {name}", each)

    def _take(self, key: str, kind: type[T], what: str) -> T:
        self.require(key in self._content, f"`{key}` is missing")
        value = self._content.pop(key)
        self.require(isinstance(value, kind), f"`{key}` must be {what}")
        return cast(T, value)

    def refuse_others(self) -> None:
        if self._content:
            others = " and ".join(f"`{key}`" for key in self._content)
            raise ConfigError(f"{self.where}: {others} isn't a key that a lab has.")

    def require(self, true: bool, sentence: str) -> None:
        if not true:
            raise ConfigError(f"{self.where}: {sentence}.")
