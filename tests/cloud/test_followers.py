"""Instances follow their machines, also where a machine can't be had."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from docker.errors import APIError
from moto.ec2.models import ec2_backends

from workbench.rehearsal.api.parameters import account_of
from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import machine_architecture
from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.reconcile.machines import MachineFollower

TYPE = "t3.medium" if machine_architecture() == "x86_64" else "t4g.medium"


class NoMachines:
    """Machines that are made, and don't start."""

    def __init__(self) -> None:
        self.made: set[str] = set()

    def state(self, instance_id: str) -> str:
        return "stopped" if instance_id in self.made else "absent"

    def address(self, instance_id: str) -> str | None:
        return "172.30.0.2" if instance_id in self.made else None

    def create(self, spec: Any) -> None:
        self.made.add(spec.instance_id)

    def start(self, instance_id: str) -> None:
        raise APIError("Address already in use")

    def terminate(self, instance_id: str) -> None:
        self.made.discard(instance_id)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api("us-east-1")
    ec2_backends.clear()
    yield api
    api.stop()


@pytest.fixture
def follower(api: Api) -> MachineFollower:
    machines: Any = NoMachines()
    return MachineFollower(
        api, machines, machines, "test", make_volume=lambda _: None, booted=lambda _: False
    )


@pytest.fixture
def instance(api: Api) -> Any:
    image = publish_images(api.ec2, ["debian-12"])["debian-12"]
    client = boto3.client(
        "ec2", "us-east-1", endpoint_url=api.start(), aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )  # fmt: skip
    client.run_instances(ImageId=image, InstanceType=TYPE, MinCount=1, MaxCount=1)
    client.close()
    return api.ec2.all_instances()[0]


def test_an_instance_whose_machine_does_not_start_is_terminated_and_says_why(
    api: Api, follower: MachineFollower, instance: Any
) -> None:
    follower.follow(instance)

    assert instance.state == "terminated"
    assert "Address already in use" in instance._reason
    assert (api.ec2.volumes, api.ec2.enis) == ({}, {})


def test_an_instance_that_was_terminated_by_half_can_be_terminated(
    api: Api, follower: MachineFollower, instance: Any
) -> None:
    for interface in instance.nics.values():
        interface.stop()
        interface.delete()
    api.ec2.terminate_instances([instance.id])
    assert instance.state == "shutting-down"

    follower.follow(instance)

    assert instance.state == "terminated"
    assert api.ec2.volumes == {}


def test_an_operating_system_without_an_image_of_its_own_is_played_by_another(api: Api) -> None:
    images = publish_images(api.ec2, ["debian-12"])
    played = api.ec2.amis[image_id("ubuntu-24.04")]

    assert list(images) == ["debian-12"]
    assert played.description == "ubuntu-24.04: in this rehearsal, a machine with debian-12"
    assert account_of(played) == "ubuntu"
    assert account_of(api.ec2.amis[images["debian-12"]]) == ""
