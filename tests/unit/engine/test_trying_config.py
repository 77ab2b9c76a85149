"""Configuration that is tried out is put back byte for byte when the try fails."""

from pathlib import Path

import pytest

from workbench.engine.stacks import Stack
from workbench.progress import Progress

OLD = b"# chosen by hand\nconfig:\n    workbench:os:   debian-12\n"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    path = tmp_path / "Pulumi.prod.yaml"

    def set_config(self: Stack, values: object) -> None:
        path.write_text(f"config: {values}\n")

    monkeypatch.setattr(Stack, "set_config", set_config)
    return Stack("prod", tmp_path, Progress(quiet=True))


def fail(stack: Stack) -> None:
    with stack.trying_config({"workbench:os": "beos"}) as is_new:
        assert is_new
        assert b"beos" in (stack.project_dir / "Pulumi.prod.yaml").read_bytes()
        raise KeyboardInterrupt


def test_a_try_that_fails_leaves_no_trace(stack: Stack) -> None:
    path = stack.project_dir / "Pulumi.prod.yaml"
    path.write_bytes(OLD)
    with pytest.raises(KeyboardInterrupt):
        fail(stack)
    assert path.read_bytes() == OLD


def test_a_try_that_fails_leaves_no_file_where_there_was_none(stack: Stack) -> None:
    with pytest.raises(KeyboardInterrupt):
        fail(stack)
    assert not (stack.project_dir / "Pulumi.prod.yaml").exists()


def test_a_try_that_succeeds_is_kept(stack: Stack) -> None:
    path = stack.project_dir / "Pulumi.prod.yaml"
    with stack.trying_config({"workbench:os": "debian-12"}):
        kept = path.read_bytes()
    with stack.trying_config({"workbench:os": "debian-12"}) as is_new:
        assert not is_new
    assert path.read_bytes() == kept
