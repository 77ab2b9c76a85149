"""The program that `pulumi up` runs."""

import runpy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]


def test_exports_what_people_and_tasks_read(deploy, public_key):
    done = deploy(
        lambda: runpy.run_path(str(ROOT / "stacks" / "lab")),
        configuration={"publicKey": public_key, "domain": "lab.example.org"},
    )

    exports = done.exports
    assert set(exports) == {
        *("url", "services", "jupyter_url", "rstudio_url", "domain", "names", "address"),
        *("instance_id", "instance_type", "region", "zone", "administrator", "users"),
        *("data_volume_id", "bucket", "recipe_sha256", "settings_sha256"),
        *("security_group_id", "role_name", "dns_records", "name_servers"),
        "workbenches",
    }
    flat = {name: value for name, value in exports.items() if name != "workbenches"}
    assert exports["workbenches"] == {"do4ds-lab": flat}
    assert exports["jupyter_url"] == "https://lab.example.org/jupyter/"
    assert exports["rstudio_url"] == "https://lab.example.org/rstudio/"
    assert exports["domain"] == "lab.example.org"
    assert exports["users"] == ["test-user"]


@pytest.mark.parametrize("preview", [False, True])
def test_works_without_a_domain(deploy, public_key, preview):
    done = deploy(
        lambda: runpy.run_path(str(ROOT / "stacks" / "lab")),
        configuration={"publicKey": public_key, "name": "small"},
        preview=preview,
    )

    assert done.exports.get("domain") is None
    assert done.one(":Workbench").name == "small"
    if not preview:
        assert done.exports["jupyter_url"] == "https://198.51.100.7/jupyter/"


def test_the_project_runs_it():
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())

    assert project["name"] == "workbench"
    assert (ROOT / project["main"] / "__main__.py").is_file()
