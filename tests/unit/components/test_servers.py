"""Two servers alongside each other while one is replaced: only what must move moves."""

import json

import pytest

from workbench import Workbench
from workbench.components.errors import ArgumentError
from workbench.components.server_slots import Slots
from workbench.components.server_slots import read_slots

BESIDE = {"next_instance_type": "t3.large"}
SWITCHED = {
    "current_server": "second",
    "instance_type": "t3.large",
    "previous_instance_type": "t3.medium",
}
REPLACED = {"current_server": "second", "instance_type": "t3.large"}


@pytest.fixture
def lab(deploy, public_key):
    return lambda **args: deploy(lambda: Workbench("lab", {"public_key": public_key, **args}))


def instances(done):
    return {each.name: each.inputs["instanceType"] for each in done.all(":Instance")}


def settings(done):
    return json.loads(done.named("lab-recipe-settings").inputs["content"])


def test_one_server_has_the_names_it_always_had(lab):
    done = lab()

    assert instances(done) == {"lab-server-instance": "t3.medium"}
    assert done.one(":VolumeAttachment").name == "lab-server-data"
    assert "may_be_elsewhere" not in settings(done)["data_volume"]
    assert "associatePublicIpAddress" not in done.one(":Instance").inputs


def test_the_next_server_is_beside_the_current_one_which_keeps_volume_and_address(lab):
    done = lab(**BESIDE)

    assert instances(done) == {
        "lab-server-instance": "t3.medium",
        "lab-server-2-instance": "t3.large",
    }
    assert done.one(":VolumeAttachment").inputs["instanceId"] == "lab-server-instance-id"
    assert done.one(":EipAssociation").inputs["instanceId"] == "lab-server-instance-id"
    # It has no Elastic IP, so no way out to its packages but by an address of its own.
    assert done.named("lab-server-2-instance").inputs["associatePublicIpAddress"] is True
    assert settings(done)["data_volume"]["may_be_elsewhere"] is True


def test_switching_over_moves_volume_and_address_and_leaves_both_instances_alone(lab):
    before, after = lab(**BESIDE), lab(**SWITCHED)

    assert instances(after) == instances(before)
    for kind in (":VolumeAttachment", ":EipAssociation"):
        # The same resource to Pulumi, so that it leaves the one before the other gets it.
        assert after.one(kind).urn == before.one(kind).urn
        assert after.one(kind).inputs["instanceId"] == "lab-server-2-instance-id"
        assert after.one(kind).request.deleteBeforeReplace is True
    assert settings(after) == settings(before)


def test_the_replaced_server_goes_and_nothing_else_changes(lab):
    before, after = lab(**SWITCHED), lab(**REPLACED)

    assert instances(after) == {"lab-server-2-instance": "t3.large"}
    gone = {each.urn for each in before.resources} - {each.urn for each in after.resources}
    assert {urn.rpartition("::")[2] for urn in gone} == {"lab-server", "lab-server-instance"}
    assert "may_be_elsewhere" not in settings(after)["data_volume"]


def test_a_next_server_of_another_architecture_has_that_ones_image(lab):
    done = lab(
        next_instance_type="t4g.large",
        rstudio_url="https://example.org/arm64.deb",
        rstudio_sha256="0" * 64,
    )

    assert "/amd64/" in done.named("lab-server-instance").inputs["ami"]
    assert "/arm64/" in done.named("lab-server-2-instance").inputs["ami"]


def test_a_next_server_without_a_package_of_rstudio_server_is_refused(lab):
    with pytest.raises(ArgumentError, match=r"t4g\.large has a processor of ARM's"):
        lab(next_instance_type="t4g.large")


def test_tells_of_the_other_server_only_while_there_is_one(deploy, public_key):
    def outputs(**args):
        found = {}
        args["public_key"] = public_key
        deploy(lambda: found.update(Workbench("lab", args).stack_outputs()))
        return set(found)

    assert outputs(**BESIDE) - outputs() == {"other_instance_id"}


@pytest.mark.parametrize(
    ("args", "slots"),
    [
        ({}, Slots("first", None)),
        (BESIDE, Slots("first", "t3.large")),
        (SWITCHED, Slots("second", "t3.medium")),
        (REPLACED, Slots("second", None)),
    ],
)
def test_reads_which_server_serves(args, slots):
    assert read_slots(args) == slots
    assert {slots.current, slots.other} == {"first", "second"}


def test_a_workbench_has_two_servers_at_most(lab):
    with pytest.raises(ArgumentError, match="two servers at most"):
        lab(next_instance_type="t3.large", previous_instance_type="t3.small")


def test_there_is_no_third_slot(lab):
    with pytest.raises(ArgumentError, match="must be first or second"):
        lab(current_server="third")
