"""Wrong arguments end in one sentence, before a component or a part of it is registered."""

import pulumi
import pytest
from least_arguments import LEAST

from workbench import Access
from workbench import Address
from workbench import Backup
from workbench import Network
from workbench import Recipe
from workbench import Server
from workbench import Storage
from workbench import Workbench
from workbench.components.errors import ArgumentError

NEEDS = [
    (component, key)
    for component in LEAST
    for key in sorted(component.__init__.__annotations__["args"].__required_keys__)
]


@pytest.fixture
def least(public_key):
    def give(component, **more):
        given = {
            key: public_key if value == "KEY" else value for key, value in LEAST[component].items()
        }
        return given | more

    return give


@pytest.fixture
def refusal(deploy, registered):
    """Run a program that must be refused with nothing registered; return the sentence."""

    def run(program):
        with pytest.raises(ArgumentError) as refused:
            deploy(program, into=registered)
        assert registered.resources == []
        return str(refused.value)

    return run


@pytest.mark.parametrize("component", LEAST)
def test_a_misspelled_argument_is_named_with_the_right_one(component, least, refusal):
    (name, *_) = sorted(component.__init__.__annotations__["args"].__annotations__)

    said = refusal(lambda: component("lab", least(component, **{f"{name}x": 1})))

    assert said.startswith(
        f"{component.__name__} has no argument '{name}x'; did you mean '{name}'?"
    )


@pytest.mark.parametrize(("component", "key"), NEEDS)
def test_what_is_missing_is_named(component, key, least, refusal):
    args = least(component)
    del args[key]

    assert refusal(lambda: component("lab", args)).startswith(
        f"{key} is missing, which {component.__name__} needs."
    )


@pytest.mark.parametrize("component", LEAST)
def test_keyword_arguments_are_told_how_it_is_written(component, refusal):
    assert f'Write: {component.__name__}("lab"' in refusal(lambda: component("lab", size=3))


@pytest.mark.parametrize(
    ("component", "wrong", "sentence"),
    [
        (Workbench, {"instance_typ": "t3.large"}, "did you mean 'instance_type'?"),
        (Workbench, {"instanceType": "t3.large"}, "did you mean 'instance_type'?"),
        (
            Workbench,
            {"users": [{"name": "ada", "admin": True}]},
            "users[0] has no argument 'admin'",
        ),
        (Workbench, {"users": ["ada"]}, "users[0] is 'ada', but must be a dictionary with some of"),
        (Workbench, {"users": [{"public_keys": []}]}, "users[0].name is missing"),
        (
            Workbench,
            {"extra_ports": ["8443"]},
            "extra_ports[0] is '8443', but must be a dictionary",
        ),
        (Workbench, {"extra_ports": [{"port": 1, "cidr": []}]}, "did you mean 'cidr_blocks'?"),
        (
            Workbench,
            {"ssh_from": "203.0.113.7/32"},
            "ssh_from is '203.0.113.7/32', but must be a list",
        ),
        (
            Workbench,
            {"root_volume_size": "30"},
            "root_volume_size is '30', but must be a whole number",
        ),
        (Workbench, {"www": "no"}, "www is 'no', but must be true or false"),
        (Server, {"subnet_id": 7}, "subnet_id is 7, but must be text"),
        (Recipe, {"settings": "all"}, "settings is 'all', but must be a dictionary"),
        (Server, {"bucket": "My Bucket"}, "bucket is 'My Bucket', which isn't the name of a"),
        (Server, {"user_data": "#!/bin/sh"}, "user_data can't be used for a server with a"),
        (Server, {"instance_profile": None}, "bucket is given without instance_profile"),
        (Server, {"instance_type": "large"}, "instance_type is 'large', which isn't an"),
        (Server, {"root_volume_size": 4}, "root_volume_size is 4, but must be a whole number"),
        (Server, {"os": "plan9"}, "os is 'plan9', but must be ubuntu-24.04 or debian-12"),
        (Storage, {"size": 0}, "size is 0, but must be a whole number from 1 to 16384 GiB"),
        (Storage, {"availability_zone": None}, "availability_zone is missing"),
        (Storage, {"volume_id": "vol-1", "snapshot_id": "s"}, "snapshot_id can't be used"),
        (Storage, {"backup_schedule": "daily"}, "backup_schedule is 'daily'"),
        (Storage, {"backup_retention_days": 0}, "backup_retention_days is 0"),
        (Backup, {"schedule": "daily"}, "schedule is 'daily', but must be a cron expression"),
        (Backup, {"retention_days": 0}, "retention_days is 0, but must be a whole number"),
        (Network, {"cidr_block": "10.0.0.0/8"}, "cidr_block is '10.0.0.0/8', but a VPC's range"),
        (Network, {"subnet_id": "s", "cidr_block": "10.0.0.0/16"}, "cidr_block can't be used"),
        (Access, {"public_key": "hello"}, "public_key isn't an OpenSSH public key"),
        (Access, {"ssh_from": ["home"]}, "ssh_from[0] is 'home', which isn't a range"),
        (Address, {"domain": "lab"}, "domain is 'lab', which isn't a domain name"),
        (Workbench, {"domain": "https://lab.example.org"}, "but must be only the name"),
        (Workbench, {"instance_type": ["t3.large"]}, "instance_type is ['t3.large'], but must be"),
        (Workbench, {"extra_ports": [{"port": 0, "cidr_blocks": []}]}, "extra_ports[0].port is 0"),
        (Workbench, {"packages": {"pip": ["x"]}}, "packages has no argument 'pip'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(component, wrong, sentence, least, refusal):
    assert sentence in refusal(lambda: component("lab", least(component, **wrong)))


def test_what_must_be_known_before_is_refused_as_an_output(least, refusal):
    def program():
        Workbench("lab", least(Workbench, domain=pulumi.Output.from_input("lab.example.org")))

    assert refusal(program).startswith(
        "domain must be known in a preview, because Workbench needs it to decide what "
        "to create, but it is an output."
    )


def test_a_whole_component_is_told_from_its_outputs(deploy, least):
    def program():
        network = Network("net", {})
        Server("lab", least(Server, subnet_id=network))

    with pytest.raises(ArgumentError, match="subnet_id is a whole Network") as refused:
        deploy(program)
    assert "network.subnet_id" in str(refused.value)


def test_arguments_and_options_are_not_taken_for_each_other(least, refusal):
    said = refusal(lambda: Network("lab", pulumi.ResourceOptions()))
    assert "but must be a dictionary with some of: subnet_id" in said
    said = refusal(lambda: Network("lab", {}, {"protect": True}))
    assert "must be pulumi.ResourceOptions" in said


@pytest.mark.parametrize("component", [Workbench, Recipe, Backup])
def test_a_name_that_aws_would_not_take_is_refused(component, least, refusal):
    assert "names in AWS need lowercase letters" in refusal(
        lambda: component("My Lab", least(component))
    )


def test_a_volume_that_is_not_there_is_one_sentence(deploy):
    def answer(token, arguments):
        missing = "api error InvalidVolume.NotFound: The volume 'vol-9' does not exist."
        return missing if token.endswith(":getVolume") else None

    with pytest.raises(ArgumentError, match="AWS does not show the volume 'vol-9'") as refused:
        deploy(lambda: Storage("data", {"volume_id": "vol-9"}), answer=answer)
    assert "aws ec2 describe-volumes" in str(refused.value)


@pytest.mark.parametrize("component", LEAST)
def test_what_the_annotations_allow_is_taken(component, deploy, least):
    def program():
        component("lab", least(component), pulumi.ResourceOptions())

    assert deploy(program).one(f":{component.__name__}")


# What an address less in ssh_from, a new release, or another domain or policy of a role deletes.
CHANGES_DAILY = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:route53/record:Record",
    "aws:acm/certificate:Certificate",
    "aws:acm/certificateValidation:CertificateValidation",
}


@pytest.mark.parametrize("component", LEAST)
def test_protection_reaches_everything_in_it_but_what_changes_daily(component, deploy, least):
    options = pulumi.ResourceOptions(protect=True)
    done = deploy(lambda: component("lab", least(component), options))

    assert done.resources
    for each in done.resources:
        assert each.request.protect is (each.type not in CHANGES_DAILY), each.type


def test_a_policy_of_a_role_and_a_name_can_go_from_what_is_protected(deploy, least):
    options = pulumi.ResourceOptions(protect=True)
    given = {
        "role": {"policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        "domain": "lab.example.org",
        "create_zone": True,
    }
    done = deploy(lambda: Workbench("lab", least(Workbench, **given), options))

    free = {each.name for each in done.resources if not each.request.protect}
    assert {"lab-access-aws-ReadOnlyAccess", "lab-address-lab.example.org"} <= free
    assert "lab-address-zone" not in free
