"""After each operation a copy of the state is kept, in each workbench's bucket, too."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.engine import copies
from workbench.engine.state import ROOT
from workbench.progress import Progress


@pytest.mark.parametrize(
    ("outputs", "buckets"),
    [
        ({"bucket": "lab"}, ["lab"]),
        ({"bucket": "lab", "workbenches": {"lab": {"bucket": "lab"}}}, ["lab"]),
        ({"workbenches": {"one": {"bucket": "b-1"}, "two": {"bucket": "b-2"}}}, ["b-1", "b-2"]),
        ({"workbenches": {"one": {"bucket": "b-1"}, "two": {}}}, ["b-1"]),
        ({}, []),
    ],
)
@pytest.mark.parametrize("everywhere", [True, False])
def test_the_copy_goes_into_each_workbenchs_bucket(
    outputs: dict[str, Any],
    buckets: list[str],
    everywhere: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path))
    (tmp_path / "Pulumi.yaml").write_text("name: mine\n")
    root = {"type": ROOT, "urn": f"urn:pulumi:dev::mine::{ROOT}::mine-dev", "outputs": outputs}
    stack: Any = SimpleNamespace(
        name="dev",
        project_dir=tmp_path,
        config_path=tmp_path / "Pulumi.dev.yaml",
        export=lambda: {"resources": [root]},
        get_config=dict,
    )
    put: list[str] = []
    monkeypatch.setattr(copies, "put_copy", lambda config, bucket, copy: put.append(bucket))
    copies.keep_copy(stack, Progress(quiet=True), everywhere=everywhere)
    assert put == (buckets if everywhere else [])
    assert list(tmp_path.rglob("projects/*/dev/copy-*.json"))
