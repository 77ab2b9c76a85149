"""Configuration that is tried out is the stack's own only when the try has succeeded."""

from pathlib import Path

import pytest

from workbench.engine.stacks import Stack
from workbench.errors import ConfigError
from workbench.progress import Progress

OLD = b"# chosen manually\nconfig:\n    workbench:os:   debian-12\n"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    def set_config(self: Stack, values: object) -> None:
        self.config_path.write_text(f"config: {values}\n")

    monkeypatch.setattr(Stack, "set_config", set_config)
    return Stack("prod", tmp_path, Progress(quiet=True))


def fail(stack: Stack) -> None:
    with stack.trying_config({"workbench:os": "beos"}) as is_new:
        assert is_new
        assert b"beos" in stack.config_path.read_bytes()
        own = stack.project_dir / "Pulumi.prod.yaml"
        assert not own.exists() or own.read_bytes() == OLD
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


def test_what_someone_else_changed_meanwhile_is_not_undone(stack: Stack) -> None:
    path = stack.project_dir / "Pulumi.prod.yaml"
    path.write_bytes(OLD)
    with (
        pytest.raises(ConfigError, match="changed in the meantime"),
        stack.trying_config({"workbench:os": "beos"}),
    ):
        path.write_bytes(OLD + b"# by someone else\n")
    assert path.read_bytes() == OLD + b"# by someone else\n"


def test_a_try_that_succeeds_is_kept(stack: Stack) -> None:
    path = stack.project_dir / "Pulumi.prod.yaml"
    with stack.trying_config({"workbench:os": "debian-12"}) as is_new:
        assert is_new
    kept = path.read_bytes()
    assert b"debian-12" in kept
    with stack.trying_config({"workbench:os": "debian-12"}) as is_new:
        assert not is_new
    assert path.read_bytes() == kept
