"""Memory is kept for what everyone needs, and nobody's session is spared before others'."""

import re

import pytest

from workbench.host.rendering import TEMPLATES

PROTECTED = "protected.conf.j2"


def values(template: str, name: str) -> list[str]:
    """Return the values that a template of a unit gives a setting."""
    text = (TEMPLATES / template).read_text()
    return re.findall(rf"^{name}=(.+)$", text, flags=re.MULTILINE)


def test_the_slice_has_what_its_services_are_promised() -> None:
    (whole,) = values("system.slice.conf.j2", "MemoryMin")
    (each,) = values(PROTECTED, "MemoryMin")
    (hub,) = values("jupyterhub.service.j2", "MemoryMin")

    # sshd and Caddy have the same.
    assert int(whole.rstrip("M")) == 2 * int(each.rstrip("M")) + int(hub.rstrip("M"))


def test_sshd_has_no_score_to_hand_down_to_peoples_sessions() -> None:
    assert values(PROTECTED, "OOMScoreAdjust") == []


@pytest.mark.parametrize("template", ["caddy.service.j2", "jupyterhub.service.j2"])
def test_the_services_that_everyone_needs_end_last(template: str) -> None:
    (score,) = values(template, "OOMScoreAdjust")
    assert int(score) <= -800
