"""Memory is kept for what everyone needs, and nobody's session is spared before others'."""

import re

import pytest

from workbench.host import places
from workbench.host.run.rendering import TEMPLATES
from workbench.host.shares import limits

PROTECTED = "protected.conf.j2"


def values(template: str, name: str) -> list[str]:
    """Return the values that a template of a unit gives a setting."""
    text = (TEMPLATES / template).read_text()
    return re.findall(rf"^{name}=(.+)$", text, flags=re.MULTILINE)


def test_the_slice_has_what_its_services_are_promised() -> None:
    (whole,) = values("system.slice.conf.j2", "MemoryMin")
    (each,) = values(PROTECTED, "MemoryMin")
    (hub,) = values("jupyterhub.service.j2", "MemoryMin")
    (guard,) = values("workbench-guard.service.j2", "MemoryMin")

    # sshd and Caddy have the same.
    promised = (each, each, hub, guard)
    assert int(whole.rstrip("M")) == sum(int(value.rstrip("M")) for value in promised)


def test_sshd_has_no_score_to_hand_down_to_peoples_sessions() -> None:
    assert values(PROTECTED, "OOMScoreAdjust") == []


@pytest.mark.parametrize(
    "template", ["caddy.service.j2", "jupyterhub.service.j2", "workbench-guard.service.j2"]
)
def test_the_services_that_everyone_needs_end_last(template: str) -> None:
    (score,) = values(template, "OOMScoreAdjust")
    assert int(score) <= -800


def is_module(path: str) -> bool:
    return (places.PACKAGE / f"{path}.py").is_file()


def test_the_guard_starts_again_when_a_module_that_it_reads_has_changed() -> None:
    read, left = set(), ["shares/guard"]
    while left:
        module = left.pop()
        read.add(module)
        text = (places.PACKAGE / f"{module}.py").read_text()
        for package, name in re.findall(r"^from workbench\.host([\w.]*) import (\w+)", text, re.M):
            path = package.removeprefix(".").replace(".", "/")
            found = [each for each in (path, f"{path}/{name}".removeprefix("/")) if is_module(each)]
            left += set(found) - read
    assert read == set(limits.GUARDS)


def test_people_have_the_same_score_wherever_they_run_something() -> None:
    assert values("user@.service.conf.j2", "OOMScoreAdjust") == ["0"]
    assert values("user-manager.conf.j2", "DefaultOOMScoreAdjust") == ["0"]
    assert '"OOMScoreAdjust": "0"' in (TEMPLATES / "jupyterhub_config.py.j2").read_text()
