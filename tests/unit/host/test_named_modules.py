"""What a unit, a script or a task runs by its module's name is in the recipe."""

import re
from pathlib import Path

import workbench
from workbench.host.places import PACKAGE

RUN = re.compile(r"python3? -m (workbench\.host(?:\.\w+)+)")
HANDED = re.compile(r'module_command\(\s*"([\w.]+)"')
PLACES = ("checks", "host", "remote", "tasks")


def named_modules() -> dict[str, Path]:
    found = {}
    for part in PLACES:
        for path in (Path(workbench.__file__).parent / part).rglob("*"):
            if path.is_file() and path.suffix in (".py", ".j2", ".sh", ""):
                text = path.read_text()
                found |= dict.fromkeys(RUN.findall(text), path)
                found |= {f"workbench.host.{name}": path for name in HANDED.findall(text)}
    return found


def test_every_module_that_is_run_by_its_name_is_there() -> None:
    found = named_modules()

    assert {"workbench.host.data.volume", "workbench.host.people.people"} <= set(found)
    for name, path in found.items():
        module = PACKAGE / name.removeprefix("workbench.host.").replace(".", "/")
        assert module.with_suffix(".py").is_file(), f"{path}: {name}"
