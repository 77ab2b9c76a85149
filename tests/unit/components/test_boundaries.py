"""What the components know of, and what the package shows of them."""

import subprocess
import sys
from pathlib import Path

import pytest

import workbench

ROOT = Path(workbench.__file__).parent


@pytest.mark.parametrize("plane", ["components", "host"])
def test_neither_plane_knows_of_rehearsal(plane):
    for path in (ROOT / plane).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert b"rehears" not in path.read_bytes().lower(), path


def test_no_component_module_hides_its_annotations_from_pulumi():
    for path in (ROOT / "components").rglob("*.py"):
        assert "from __future__ import annotations" not in path.read_text()


@pytest.mark.parametrize("name", workbench.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(workbench, name).__name__ == name


def test_importing_the_package_does_not_import_pulumi():
    code = "import sys, workbench; sys.exit('pulumi' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reading_a_configuration_loads_none_of_the_resources_of_aws():
    code = (
        "import sys, workbench.components.configuration\n"
        "sys.exit(' '.join({'pulumi_aws.ec2.vpc', 'pulumi_aws.iam.role'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == ""


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        workbench.Nonsense  # noqa: B018
