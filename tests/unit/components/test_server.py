import pulumi
import pulumi_aws as aws
import pytest

from workbench import Server
from workbench.components.errors import ArgumentError

ARGS = {
    "subnet_id": "subnet-1",
    "security_group_ids": ["sg-1"],
    "key_name": "key-1",
    "instance_profile": "profile-1",
    "bucket": "bucket-1",
    "volume_id": "vol-1",
}


@pytest.fixture
def server(deploy):
    return lambda **args: deploy(lambda: Server("srv", {**ARGS, **args}))


def test_takes_the_metadata_service_only_with_a_token_and_only_from_the_machine_itself(server):
    assert server().one(":Instance").inputs["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }


def test_the_root_volume_is_encrypted(server):
    assert server().one(":Instance").inputs["rootBlockDevice"] == {
        "encrypted": True,
        "volumeType": "gp3",
        "volumeSize": 30,
        "deleteOnTermination": True,
    }


def test_user_data_is_a_small_constant(server):
    user_data = server().one(":Instance").inputs["userData"]

    assert user_data.startswith("#!/bin/bash\n")
    assert len(user_data.encode()) < 4096
    assert "bucket-1" in user_data


def test_neither_a_newer_image_nor_a_newer_bootstrap_touches_a_server(server):
    ignored = server().one(":Instance").request.ignoreChanges

    assert set(ignored) == {
        "ami",
        "userData",
        "associatePublicIpAddress",
        "rootBlockDevice.kmsKeyId",
    }


@pytest.mark.parametrize(
    ("system", "instance_type", "parameter", "administrator"),
    [
        (
            "ubuntu-24.04",
            "t3.medium",
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
            "ubuntu",
        ),
        (
            "ubuntu-24.04",
            "t4g.medium",
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
            "ubuntu",
        ),
        ("debian-12", "t3.medium", "/aws/service/debian/release/12/latest/amd64", "admin"),
    ],
)
def test_the_image_is_the_newest_for_the_architecture(
    server, system, instance_type, parameter, administrator
):
    done = server(os=system, instance_type=instance_type)

    assert done.one(":Instance").inputs["ami"] == f"ami-of{parameter}"
    assert done.outputs[done.one(":Server").urn]["administrator"] == administrator


def test_an_image_given_is_used_without_asking(server):
    done = server(ami="ami-mine")

    assert done.one(":Instance").inputs["ami"] == "ami-mine"
    assert [token for token, _, _ in done.calls] == ["aws:index/getRegion:getRegion"]


def test_a_replaced_server_gives_its_volume_back_before_the_new_one_takes_it(server):
    attachment = server().one(":VolumeAttachment")

    assert attachment.request.deleteBeforeReplace is True
    assert attachment.inputs["stopInstanceBeforeDetaching"] is True
    assert attachment.inputs["deviceName"] == "/dev/sdf"


def test_a_server_needs_no_data_volume(server):
    assert not server(volume_id=None).all(":VolumeAttachment")


def test_a_server_without_a_recipe_is_a_plain_instance(server):
    instance = server(bucket=None, instance_profile=None).one(":Instance")

    assert not {"userData", "iamInstanceProfile"} & set(instance.inputs)


def test_a_server_without_a_recipe_does_at_its_first_boot_what_it_is_told(server):
    given = "#cloud-config\nusers: [default]\n"

    assert server(bucket=None, user_data=given).one(":Instance").inputs["userData"] == given


@pytest.mark.parametrize("protect", [None, False, True])
def test_termination_protection_is_an_option(server, protect):
    done = server(protect=protect)

    assert done.one(":Instance").inputs["disableApiTermination"] is bool(protect)
    # AWS would refuse only when the volume was detached and the server stopped already.
    assert done.one(":Instance").request.protect is bool(protect)
    assert done.one(":VolumeAttachment").request.protect is bool(protect)


def test_the_instance_waits_for_what_the_server_depends_on(deploy):
    def program():
        other = pulumi.ComponentResource("test:index:Other", "other")
        aws.ec2.Eip("part-of-other", opts=pulumi.ResourceOptions(parent=other))
        Server("srv", ARGS, pulumi.ResourceOptions(depends_on=[other]))

    done = deploy(program)

    assert done.named("part-of-other").urn in done.one(":Instance").request.dependencies


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"instance_type": "huge"}, "instance_type is 'huge', which isn't an instance type"),
        ({"instance_type": "x9.big"}, "AWS has no instance type 'x9.big'.*InvalidInstanceType"),
        ({"os": "plan9"}, "os is 'plan9', but must be ubuntu-24.04 or debian-12"),
        ({"user_data": "#cloud-config"}, "user_data can't be used for a server with a bucket"),
        ({"instance_profile": None}, "bucket is given without instance_profile"),
        ({"root_volume_size": 4}, "root_volume_size is 4, but must be .* from 8 to 16384 GiB"),
    ],
)
def test_refuses(server, args, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        server(**args)
