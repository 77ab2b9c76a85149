"""How far a reader is, kept in a file."""

import pytest

from workbench.errors import WorkbenchError
from workbench.labs.records import read_record
from workbench.labs.records import record_path


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path))


def test_what_was_done_is_there_the_next_time():
    record = read_record("rehearsal-labs")
    record.current, record.folder = 2, "/home/ada/do4ds-lab"
    record.step("key").done = "2026-11-30T08:00:00+00:00"
    record.step("key").helped = True
    record.save()

    again = read_record("rehearsal-labs")
    assert (again.current, again.folder) == (2, "/home/ada/do4ds-lab")
    assert again.step("key").helped
    assert not again.step("group").done


def test_each_stack_has_a_record_of_its_own():
    record = read_record("rehearsal-labs")
    record.current = 3
    record.save()

    assert read_record("prod").current == 0


@pytest.mark.parametrize("text", ["", "[]", '{"steps": {"key": {"color": 1}}}', '{"current": 1}'])
def test_a_damaged_file_is_told_and_kept(text):
    path = record_path("rehearsal-labs")
    path.parent.mkdir(parents=True)
    path.write_text(text)

    with pytest.raises(WorkbenchError, match="can't be read") as told:
        read_record("rehearsal-labs")
    assert "labs.reset --all" in told.value.hint
    assert path.read_text() == text
