"""What an organization asks of a workbench: its image, groups, roles and keys, recorded."""

import json
import re
from pathlib import Path

import pulumi
import pytest

from workbench import Access
from workbench import Backup
from workbench import Recipe
from workbench import Server
from workbench import Storage
from workbench import Workbench
from workbench import read_configuration
from workbench.components.errors import ArgumentError

IMAGE = "ami-0123456789abcdef0"
GROUP = "sg-0123456789abcdef0"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"
BOUNDARY = "arn:aws:iam::123456789012:policy/team-boundary"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
NIGHTLY = "cron(0 5 ? * * *)"
ROOT = Path(__file__).parents[3]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


@pytest.fixture
def workbench(deploy, public_key):
    """Deploy a workbench in an existing subnet, with more arguments.

    Those that ``made`` returns may be outputs: these can only be made in a program.
    """

    def deployed(made=dict, *, answer=None, preview=False, outputs=None, **more):
        def program():
            given = {"public_key": public_key, "subnet_id": "subnet-theirs"}
            Workbench("lab", {**given, **more, **made()})

        return deploy(program, answer=answer, preview=preview, outputs=outputs)

    return deployed


def _given(value, late):
    return pulumi.Output.from_input(value) if late else value


def answering(answers):
    return lambda token, arguments: answers.get(token)


def statements(registration):
    return json.loads(registration.inputs["policy"])["Statement"]


def test_a_stacks_configuration_has_them_all(deploy, public_key):
    found = []
    configuration = {
        "publicKey": public_key,
        "ami": IMAGE,
        "securityGroupIds": GROUP,
        "role": json.dumps({"path": "/team/", "permissionsBoundary": BOUNDARY}),
        "kmsKeyId": KEY,
        "publicAccess": "false",
    }
    deploy(lambda: found.append(read_configuration()), configuration=configuration)

    assert found == [
        {
            "public_key": public_key,
            "ami": IMAGE,
            "security_group_ids": [GROUP],
            "role": {"path": "/team/", "permissions_boundary": BOUNDARY},
            "kms_key_id": KEY,
            "public_access": False,
        }
    ]


def test_without_them_nothing_is_said_of_them(workbench):
    done = workbench(backup_schedule=NIGHTLY)

    assert "kmsKeyId" not in done.one(":Instance").inputs["rootBlockDevice"]
    assert "kmsKeyId" not in done.one(":Volume").inputs
    assert "kmsKeyArn" not in done.one(":Vault").inputs
    assert not done.all(":BucketServerSideEncryptionConfiguration")
    for each in done.all(":BucketObjectv2"):
        assert not {"kmsKeyId", "serverSideEncryption"} & set(each.inputs)
    for each in done.all(":Role"):
        assert not {"path", "permissionsBoundary"} & set(each.inputs)
    assert len(done.one(":Instance").inputs["vpcSecurityGroupIds"]) == 1


@pytest.mark.parametrize("late", [False, True])
def test_an_image_is_the_new_servers(workbench, late):
    done = workbench(lambda: {"ami": _given(IMAGE, late)})

    assert done.one(":Instance").inputs["ami"] == IMAGE
    asked = [arguments for token, arguments, _ in done.calls if token.endswith(":getAmi")]
    assert asked == [
        {"filters": [{"name": "image-id", "values": [IMAGE]}], "includeDeprecated": True}
    ]
    # The operating system's own isn't asked for.
    assert not [token for token, _, _ in done.calls if token.endswith(":getParameter")]
    assert "ami" in done.one(":Instance").request.ignoreChanges


def test_the_server_that_takes_over_has_the_image_too(workbench):
    done = workbench(ami=IMAGE, next_instance_type="t3.large")

    assert [each.inputs["ami"] for each in done.all(":Instance")] == [IMAGE, IMAGE]


def test_an_image_runs_on_each_instance_type(workbench):
    more = {"ami": IMAGE, "services": ["jupyterhub"], "next_instance_type": "t4g.medium"}
    with pytest.raises(ArgumentError, match=rf"{IMAGE} is for amd64, and .* t4g.medium is arm64"):
        workbench(**more)

    arm = answering({"aws:ec2/getAmi:getAmi": {"architecture": "arm64"}})
    with pytest.raises(ArgumentError, match=r"is for arm64, and the processor of t3\.medium"):
        workbench(ami=IMAGE, answer=arm)
    done = workbench(
        ami=IMAGE, instance_type="t4g.medium", services=["jupyterhub"], answer=arm, preview=True
    )
    assert done.one(":Instance").inputs["ami"] == IMAGE


def test_existing_groups_are_the_servers_besides_its_own(workbench):
    done = workbench(lambda: {"security_group_ids": [GROUP, _given("sg-00000000", True)]})

    assert done.one(":Instance").inputs["vpcSecurityGroupIds"] == [
        "lab-access-security-group-id",
        GROUP,
        "sg-00000000",
    ]


def test_a_group_of_another_vpc_is_refused(workbench):
    answer = answering({"aws:ec2/getSecurityGroup:getSecurityGroup": {"vpcId": "vpc-other"}})

    with pytest.raises(ArgumentError, match=f"{GROUP} is in vpc-other, but the subnet in vpc-th"):
        workbench(security_group_ids=[GROUP], answer=answer)


@pytest.mark.parametrize("late", [False, True])
def test_every_role_has_path_and_boundary_and_the_servers_the_policies(workbench, late):
    def role():
        boundary, arn = _given(BOUNDARY, late), _given(READ_ONLY, late)
        return {"role": {"path": "/team/", "permissions_boundary": boundary, "policy_arns": [arn]}}

    done = workbench(role, backup_schedule=NIGHTLY)

    roles = done.all(":Role")
    assert {each.name for each in roles} == {"lab-storage-backup", "lab-access-role"}
    for each in roles:
        assert each.inputs["path"] == "/team/"
        assert each.inputs["permissionsBoundary"] == BOUNDARY
    assert done.one(":InstanceProfile").inputs["path"] == "/team/"
    further = [each for each in done.all(":RolePolicyAttachment") if "backup" not in each.name]
    ending = "output-0" if late else "aws-ReadOnlyAccess"
    assert [(each.name, each.inputs) for each in further] == [
        (
            f"lab-access-{ending}",
            {"role": done.named("lab-access-role").state["name"], "policyArn": READ_ONLY},
        )
    ]


def test_policies_of_one_name_and_two_owners_are_two(workbench):
    own = "arn:aws:iam::123456789012:policy/sub/ReadOnlyAccess"
    done = workbench(role={"policy_arns": [READ_ONLY, own]})

    assert {each.name for each in done.all(":RolePolicyAttachment")} == {
        "lab-access-aws-ReadOnlyAccess",
        "lab-access-123456789012-sub-ReadOnlyAccess",
    }


@pytest.mark.parametrize("late", [False, True])
def test_with_an_existing_profile_no_role_is_made_and_none_is_changed(workbench, late):
    done = workbench(lambda: {"instance_profile": _given("theirs", late)}, kms_key_id=KEY)

    for kind in (":Role", ":RolePolicy", ":RolePolicyAttachment", ":InstanceProfile"):
        assert not done.all(kind)
    assert done.one(":Instance").inputs["iamInstanceProfile"] == "theirs"
    assert done.outputs[done.one(":Workbench").urn]["roleName"] == "their-role"


def test_what_an_existing_role_must_allow_is_written_down(workbench):
    done = workbench(kms_key_id=KEY)
    text = (ROOT / "docs" / "org.md").read_text()
    (policy,) = [
        json.loads(block)
        for block in re.findall(r"^```json\n(.*?)^```", text, re.M | re.S)
        if "s3:GetObject" in block
    ]

    made = [each for policy in done.all(":RolePolicy") for each in statements(policy)]
    bucket = done.one("s3/bucket:Bucket").state["bucket"]
    given = json.dumps(made).replace(bucket, "do4ds-lab-recipe-bucket-*")
    # It is what a role of the workbench's own gets.
    assert sorted(json.loads(given), key=str) == sorted(policy["Statement"], key=str)


def test_the_documents_program_makes_what_it_says(deploy, public_key):
    text = (ROOT / "docs" / "org.md").read_text()
    (program,) = [block for block in PYTHON.findall(text) if "permissions_boundary" in block]

    done = deploy(
        lambda: exec(program, {}),
        configuration={"publicKey": public_key},
        outputs={"StackReference": {"outputs": {"subnet_id": "subnet-theirs"}}},
    )

    instance = done.one(":Instance").inputs
    assert instance["subnetId"] == "subnet-theirs"
    assert instance["ami"] == IMAGE
    assert GROUP in instance["vpcSecurityGroupIds"]
    assert instance["rootBlockDevice"]["kmsKeyId"] == KEY
    assert done.one(":Role").inputs["permissionsBoundary"] == BOUNDARY
    assert done.exports["role_name"]


@pytest.mark.parametrize("late", [False, True])
def test_everything_is_encrypted_with_the_key(workbench, late):
    done = workbench(lambda: {"kms_key_id": _given(KEY, late)}, backup_schedule=NIGHTLY)

    assert done.one(":Volume").inputs["kmsKeyId"] == KEY
    assert done.one(":Instance").inputs["rootBlockDevice"]["kmsKeyId"] == KEY
    assert done.one(":Vault").inputs["kmsKeyArn"] == KEY
    bucket = done.one(":BucketServerSideEncryptionConfiguration")
    assert bucket.inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {
                "sseAlgorithm": "aws:kms",
                "kmsMasterKeyId": KEY,
            },
            "bucketKeyEnabled": True,
            "blockedEncryptionTypes": ["SSE-C"],
        }
    ]
    objects = done.all(":BucketObjectv2")
    assert len(objects) == 2
    for each in objects:
        assert (each.inputs["kmsKeyId"], each.inputs["serverSideEncryption"]) == (KEY, "aws:kms")
        assert bucket.urn in each.request.dependencies


def test_the_server_may_decrypt_what_it_reads_and_nothing_else(workbench):
    reads = statements(workbench(kms_key_id=KEY).named("lab-recipe-read-recipe"))

    assert reads[1:] == [
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": KEY,
            "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
        }
    ]


def test_no_key_given_later_replaces_a_server_or_a_vault(workbench):
    done = workbench(kms_key_id=KEY, backup_schedule=NIGHTLY)

    assert "rootBlockDevice.kmsKeyId" in done.one(":Instance").request.ignoreChanges
    assert list(done.one(":Vault").request.ignoreChanges) == ["kmsKeyArn"]
    assert "kmsKeyId" in done.one(":Volume").request.ignoreChanges


def test_a_volume_that_was_kept_keeps_its_key_too(workbench):
    there = {"Volume": {"availabilityZone": "us-east-1c", "kmsKeyId": KEY.replace("0123abcd", "9")}}
    done = workbench(data_volume_id="vol-kept", kms_key_id=KEY, outputs=there)

    assert "kmsKeyId" not in done.one(":Volume").inputs
    assert done.one(":Instance").inputs["rootBlockDevice"]["kmsKeyId"] == KEY


@pytest.mark.parametrize(
    ("partition", "region", "suffix"),
    [
        ("aws", "us-east-1", "amazonaws.com"),
        ("aws-cn", "cn-north-1", "amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "amazonaws.com"),
    ],
)
def test_arns_and_names_of_services_are_the_partitions(workbench, partition, region, suffix):
    key = KEY.replace("arn:aws:", f"arn:{partition}:").replace("us-east-1", region)
    place = {
        "aws:index/getPartition:getPartition": {"partition": partition, "dnsSuffix": suffix},
        "aws:index/getRegion:getRegion": {"region": region},
    }
    done = workbench(kms_key_id=key, backup_schedule=NIGHTLY, answer=answering(place))

    trust = {
        each.name: json.loads(each.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]
        for each in done.all(":Role")
    }
    assert trust == {
        "lab-access-role": {"Service": f"ec2.{suffix}"},
        # That of AWS Backup is the same everywhere.
        "lab-storage-backup": {"Service": "backup.amazonaws.com"},
    }
    reads = statements(done.named("lab-recipe-read-recipe"))
    via = {"kms:ViaService": f"s3.{region}.{suffix}"}
    assert reads[1]["Condition"]["StringEquals"] == via
    (attached,) = done.all(":RolePolicyAttachment")
    assert attached.inputs["policyArn"].startswith(f"arn:{partition}:iam::aws:policy/")


def test_a_key_of_another_region_is_refused(workbench):
    with pytest.raises(ArgumentError, match="in another region than the workbench"):
        workbench(kms_key_id=KEY.replace("us-east-1", "eu-west-1"))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"ami": "ubuntu"}, "ami is 'ubuntu', which isn't the id of a machine image"),
        ({"security_group_ids": ["default"]}, r"security_group_ids\[0\] is 'default', which isn't"),
        ({"security_group_ids": [GROUP], "subnet_id": None}, "security_group_ids needs subnet_id"),
        ({"role": {"path": "team"}}, "role.path is 'team', which isn't an IAM path"),
        ({"role": {"boundary": BOUNDARY}}, "role has no argument 'boundary'; did you mean 'perm"),
        ({"role": {"permissions_boundary": "team"}}, "role.permissions_boundary is 'team', which"),
        ({"role": {"policy_arns": ["x"]}}, r"role.policy_arns\[0\] is 'x', which isn't the ARN"),
        ({"role": {"policy_arns": [READ_ONLY] * 2}}, "role.policy_arns has .*Access' twice"),
        ({"role": {}, "instance_profile": "p"}, "role can't be used with instance_profile"),
        ({"instance_profile": "arn:aws:iam::1:x/y"}, "isn't the name of an instance profile"),
        ({"kms_key_id": "alias/team"}, "kms_key_id is 'alias/team', which isn't the ARN of a KMS"),
    ],
)
def test_a_mistake_is_found_before_anything_is_registered(
    workbench, deploy, public_key, registered, more, sentence
):
    args = {"public_key": public_key, "subnet_id": "subnet-theirs", **more}
    with pytest.raises(ArgumentError, match=f"(?s){sentence}"):
        deploy(lambda: Workbench("lab", args), into=registered)
    assert registered.resources == []


@pytest.mark.parametrize(
    ("part", "args", "sentence"),
    [
        (Access, {"vpc_id": "v", "role": {"path": "x"}}, "role.path is 'x'"),
        (Access, {"vpc_id": "v", "role": {}, "instance_profile": "p"}, "role can't be used"),
        (Backup, {"volume_arn": "v", "kms_key_id": "k"}, "kms_key_id is 'k'"),
        (Backup, {"volume_arn": "v", "role": {"path": "x"}}, "role.path is 'x'"),
        (Recipe, {"settings": {}, "kms_key_id": "k"}, "kms_key_id is 'k'"),
        (
            Server,
            {"subnet_id": "s", "security_group_ids": [], "key_name": "k", "kms_key_id": "k"},
            "kms_key_id is 'k'",
        ),
        (Storage, {"availability_zone": "z", "backup_role": {"path": "x"}}, "role.path is 'x'"),
    ],
)
def test_so_it_is_with_each_part(deploy, public_key, registered, part, args, sentence):
    given = {**args, "public_key": public_key} if part is Access else args
    with pytest.raises(ArgumentError, match=sentence):
        deploy(lambda: part("part", given), into=registered)
    assert registered.resources == []


# What is the same in every partition, or an example.
SAME_EVERYWHERE = {
    "components/backup.py": {"backup.amazonaws.com"},
    "components/reference.py": {"arn:aws:"},
    # Replaced by the partition's own where it is read.
    "tasks/rights/policy.json": {"arn:aws:", "amazonaws.com"},
    "tasks/rights/policy.py": {"arn:aws:"},
    # What a person types to see what time AWS has.
    "tasks/doctor/credentials_check.py": {"sts.amazonaws.com"},
}


@pytest.mark.parametrize("plane", ["components", "tasks"])
def test_no_partition_is_written_down(plane):
    package = ROOT / "workbench"
    for path in (package / plane).rglob("*"):
        if path.suffix not in (".py", ".json", ".j2", ".sh") or path.name.startswith("schema-"):
            continue
        text, place = path.read_text(), str(path.relative_to(package))
        for known in SAME_EVERYWHERE.get(place, ()):
            assert known in text, f"{place} no longer has {known}: take it out here"
            text = text.replace(known, "")
        assert not re.search(r"arn:aws:|amazonaws\.com", text), place
