"""The names under which an instance's Linux sees its volumes."""

import pytest

from workbench.rehearsal.machines.folder import Machine
from workbench.rehearsal.volumes.device_names import link_name
from workbench.rehearsal.volumes.device_names import node_name


@pytest.mark.parametrize(
    ("instance_type", "device", "taken", "expected"),
    [
        ("t3.medium", "/dev/sdf", set(), "nvme1n1"),
        ("m7i.large", "/dev/sdg", {"nvme1n1"}, "nvme2n1"),
        ("t4g.small", "/dev/xvdf", {"nvme2n1"}, "nvme1n1"),
        ("t2.micro", "/dev/sdf", set(), "xvdf"),
        ("m4.large", "/dev/xvdba", {"xvdf"}, "xvdba"),
        ("m4.large", "/dev/sdf1", set(), "xvdf1"),
    ],
)
def test_follow_the_instance_type(instance_type, device, taken, expected):
    assert node_name(instance_type, device, taken) == expected


def test_a_volume_is_found_by_its_id_on_nitro_only():
    link = "disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1"
    assert link_name("t3.medium", "vol-0a1") == link
    assert link_name("t2.micro", "vol-0a1") is None


def test_are_given_anew_at_each_start():
    machine = Machine("t3.micro").attach("vol-1", "/dev/sdf").attach("vol-2", "/dev/sdg")
    left = machine.detach("vol-1")
    assert [each.path for each in left.attachments] == ["/dev/nvme2n1"]
    assert [each.path for each in left.booted().attachments] == ["/dev/nvme1n1"]
