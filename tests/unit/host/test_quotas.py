"""xfs_quota's commands, for a volume's size and what the configuration says."""

import dataclasses

import pytest

from workbench.host.data import quotas
from workbench.host.settings import Account
from workbench.host.settings import Settings
from workbench.host.settings import SettingsError

GIB = 1 << 30
SETTINGS = Settings.parse(
    '{"version": 1, "name": "lab", "domain": null, "names": [],'
    ' "administrator": {"name": "admin", "public_keys": []}, "users": [],'
    ' "data_volume": {"id": "vol-1", "device": "/dev/sdf"}}'
)


def limits(home_quota: int | None, *users: Account) -> list[str]:
    settings = dataclasses.replace(SETTINGS, home_quota=home_quota, users=users)
    return list(quotas.limits(settings, 20 * GIB))


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_by_default_all_the_others_together_leave_a_person_their_share(count: int) -> None:
    users = [Account(f"nobody-{number}", ()) for number in range(count)]
    share = int(limits(None, *users)[0].split("bhard=")[1].split("m")[0])
    everyone = int(limits(None, *users)[-1].split("bhard=")[1].split("m")[0])
    administrator = 1
    assert (count + administrator) * share <= everyone < (count + administrator + 1) * share


def test_by_default_one_person_has_half_and_all_leave_a_reserve() -> None:
    assert limits(None) == [
        "limit -u -d bhard=9728m ihard=950000",
        "project -s -p /data/home -p /data/shared -p /data/room 700",
        "limit -p bhard=19456m ihard=9000000 700",
    ]


def test_a_person_has_what_their_entry_says_and_others_what_everyone_has() -> None:
    root = Account("root", ())
    assert limits(5, root, dataclasses.replace(root, quota=50))[:3] == [
        "limit -u -d bhard=5120m ihard=500000",
        "limit -u bhard=5120m ihard=500000 0",
        "limit -u bhard=51200m ihard=5000000 0",
    ]


def test_zero_is_no_limit() -> None:
    assert limits(0)[0] == "limit -u -d bhard=0m ihard=0"


def test_who_has_no_account_yet_has_no_limit_of_their_own() -> None:
    assert len(limits(5, Account("nobody-here", ()))) == 3


@pytest.mark.parametrize(
    ("options", "on"),
    [("rw,usrquota,prjquota", True), ("rw,usrquota", False), ("rw,noquota", False)],
)
def test_quotas_are_on_by_the_mount(options: str, on: bool) -> None:
    mounts = f"/dev/nvme0n1p1 / ext4 rw 0 0\n/dev/nvme1n1 /data xfs {options} 0 0\n"
    assert quotas.are_on(mounts) is on
    assert quotas.are_on("/dev/nvme0n1p1 / ext4 rw 0 0\n") is False


@pytest.mark.parametrize("quota", ["1g; rm -rf /", -1, 1.5])
def test_a_quota_that_is_no_number_is_refused(quota: object) -> None:
    with pytest.raises(
        SettingsError, match=r"home_quota is .*, but must be a whole number from 0 to"
    ):
        Settings.parse(
            SETTINGS_TEXT % {"quota": quota if not isinstance(quota, str) else f'"{quota}"'}
        )


SETTINGS_TEXT = (
    '{"version": 1, "name": "lab", "domain": null, "names": [], "home_quota": %(quota)s,'
    ' "administrator": {"name": "admin", "public_keys": []}, "users": [],'
    ' "data_volume": {"id": "vol-1", "device": "/dev/sdf"}}'
)
