"""A PAM profile that changed is put into the common files again; one that is there isn't."""

from pathlib import Path

import pytest

from workbench.host.system import pam

OLD = """Name: Keep it private
Default: yes
Priority: 0
Session-Type: Additional
Session:
\t[success=ignore default=end]\tpam_succeed_if.so quiet user ingroup workbench
\toptional\tpam_umask.so umask=077
"""
MADE = """Module: unix
required\tpam_unix.so
Module: workbench-private
[success=ignore default=end]\tpam_succeed_if.so quiet user ingroup workbench
optional\tpam_umask.so umask=077
Module: systemd
optional\tpam_systemd.so
"""
COMMON = """# end of primary
session\trequired\tpam_unix.so
session\t[success=ignore default=1] pam_succeed_if.so quiet user ingroup workbench
session\toptional pam_umask.so umask=077
session\toptional\tpam_systemd.so
"""


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("COMMON", "MADE"):
        monkeypatch.setattr(pam, name, tmp_path / name)
        (tmp_path / name).mkdir()
    for kind in ("session", "session-noninteractive"):
        (pam.MADE / kind).write_text(MADE)
        (pam.COMMON / f"common-{kind}").write_text(COMMON)
    path = tmp_path / "workbench-private"
    path.write_text(OLD)
    return path


def test_one_that_is_in_the_common_files_is_left_alone(profile: Path) -> None:
    assert pam.is_enabled(profile)


@pytest.mark.parametrize(
    "changed",
    [
        OLD.replace("077", "027"),
        OLD.replace("ingroup workbench", "ingroup others"),
        # The same words are all in the file that was made of the longer one.
        OLD.replace("\toptional\tpam_umask.so umask=077\n", ""),
        OLD + "\toptional\tpam_env.so\n",
        OLD.replace("\toptional\tpam_umask", "\trequired\tpam_umask"),
    ],
)
def test_one_that_a_later_recipe_changed_is_not_there_yet(profile: Path, changed: str) -> None:
    profile.write_text(changed)
    assert not pam.is_enabled(profile)


def test_one_that_nothing_was_made_of_is_not_there(profile: Path) -> None:
    (pam.MADE / "session-noninteractive").unlink()
    assert not pam.is_enabled(profile)
    assert not pam.is_enabled(profile.with_name("not-written-yet"))


def test_a_rule_that_somebody_took_out_of_a_common_file_is_missed(profile: Path) -> None:
    common = pam.COMMON / "common-session"
    common.write_text(COMMON.replace("session\toptional pam_umask.so umask=077\n", ""))
    assert not pam.is_enabled(profile)
