import json

import pulumi
import pulumi_aws as aws
import pytest

from workbench import Workbench
from workbench.components.errors import ArgumentError
from workbench.components.validation import LONGEST_NAME
from workbench.components.workbench_args import check_arguments
from workbench.host.jupyter import origins
from workbench.host.settings import Settings
from workbench.rehearsal.provider.table import find_type

SECOND_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy me@desk"
)


@pytest.fixture
def args(public_key):
    return {"public_key": public_key, "domain": "lab.example.org"}


def test_a_preview_of_a_new_workbench_needs_no_value_that_aws_decides(deploy, args):
    done = deploy(lambda: Workbench("lab", args), preview=True)

    assert done.one(":Instance")
    assert done.one(":VolumeAttachment")


def test_everything_is_named_after_its_parent(deploy, args):
    done = deploy(lambda: Workbench("lab", {**args, "create_zone": True}))

    names = {each.urn: each.name for each in done.resources}
    for each in done.resources:
        if each.name != "lab":
            assert f"{each.name}-".startswith(f"{names[each.request.parent]}-")


def test_only_the_parts_are_children_of_the_workbench(deploy, args):
    done = deploy(lambda: Workbench("lab", args))

    whole = done.one(":Workbench").urn
    parts = [each.type for each in done.resources if each.request.parent == whole]
    assert sorted(parts) == [
        f"workbench:index:{kind}"
        for kind in ("Access", "Address", "Network", "Recipe", "Server", "Storage")
    ]


def test_two_stand_in_one_stack(deploy, args):
    def program():
        Workbench("blue", args)
        Workbench("green", {**args, "domain": "green.example.org"})

    done = deploy(program)

    assert len(done.all(":Instance")) == 2
    # Names in AWS are made up by Pulumi, so that neither these nor a replacement clash.
    physical = {"bucket", "name", "keyName", "namePrefix", "bucketPrefix", "roleName"}
    for kind in ("s3/bucket:Bucket", ":Role", ":InstanceProfile", ":KeyPair", ":SecurityGroup"):
        for each in done.all(kind):
            assert not physical & set(each.inputs)


def test_two_are_exported_by_their_names_in_one_line(deploy, args):
    def program():
        one = Workbench("one", args)
        two = Workbench("two", {**args, "services": ["jupyterhub"], "users": [{"name": "ada"}]})
        pulumi.export("workbenches", {"one": one.outputs, "two": two.outputs})

    found = deploy(program).exports["workbenches"]

    # All that the commands read of a stack with one.
    whole = deploy(lambda: export(Workbench("one", args))).exports
    assert whole.pop("workbenches") == {"one": whole}
    assert found["one"].keys() == whole.keys()
    assert found["one"]["users"] == ["test-user"]
    assert found["two"]["users"] == ["ada"]
    assert "rstudio_url" not in found["two"]


def export(bench):
    for name, value in bench.stack_outputs().items():
        pulumi.export(name, value)


def test_an_explicit_provider_makes_everything_and_answers_every_lookup(deploy, args):
    def program():
        provider = aws.Provider("west", region="us-west-2")
        Workbench("lab", args, pulumi.ResourceOptions(providers=[provider]))

    done = deploy(program)

    provider = done.one("pulumi:providers:aws")
    ours = f"{provider.urn}::west-id"
    for each in done.resources:
        if each.type.startswith("aws:"):
            assert each.request.provider == ours, each.name
    assert {reference for _, _, reference in done.calls} == {ours}


def test_nothing_carries_an_alias_or_protection(deploy, args):
    for each in deploy(lambda: Workbench("lab", args)).resources:
        # The AWS package itself names its resources' older types.
        assert all(alias.spec.type.startswith("aws:") for alias in each.request.aliases)
        assert not each.request.protect


def test_every_volume_is_encrypted_and_only_the_data_volume_outlives_the_stack(deploy, args):
    done = deploy(lambda: Workbench("lab", args))

    assert done.one(":Volume").inputs["encrypted"] is True
    assert done.one(":Instance").inputs["rootBlockDevice"]["encrypted"] is True
    kept = [each.type for each in done.resources if each.request.retainOnDelete]
    assert kept == ["aws:ebs/volume:Volume"]


def test_the_server_starts_when_recipe_settings_permission_and_way_out_are_there(deploy, args):
    done = deploy(lambda: Workbench("lab", args))

    waits_for = set(done.one(":Instance").request.dependencies)
    for needed in (
        "lab-recipe-recipe",
        "lab-recipe-settings",
        "lab-recipe-read-recipe",
        "lab-network-route",
        "lab-network-route-table-association",
        "lab-access-egress",
    ):
        assert done.named(needed).urn in waits_for


def test_a_change_of_settings_leaves_user_data_as_it_is(deploy, args):
    def user_data(**more):
        done = deploy(lambda: Workbench("lab", {**args, **more}))
        return done.one(":Instance").inputs["userData"]

    assert user_data() == user_data(users=[{"name": "ada"}], acme_email="ada@example.org")


def test_the_settings_hold_all_the_server_needs(deploy, args, public_key):
    more = {
        "os": "debian-12",
        "extra_names": ["app", "*"],
        "users": [{"name": "ada", "public_keys": [public_key], "quota": 50}],
        "home_quota": 20,
        "administrator_keys": [SECOND_KEY],
        "acme_directory": "https://acme.example.org/dir",
        "rstudio_url": "https://example.org/rstudio.deb",
        "rstudio_sha256": "0" * 64,
        "pypi_index": "https://pypi.example.org/simple",
        "idle_timeout_minutes": 30,
        "time_zone": "Europe/Berlin",
        "packages": {"apt": ["ffmpeg"], "python": ["polars >= 1, < 2"]},
        "base_packages": ["r", "python"],
    }
    done = deploy(lambda: Workbench("lab", {**args, **more}))

    document = json.loads(done.named("lab-recipe-settings").inputs["content"])
    digest = document["recipe"]["sha256"]
    assert document == {
        "version": 1,
        "idle_timeout": 30 * 60,
        "time_zone": "Europe/Berlin",
        "packages": {
            "base": ["python", "r"],
            "apt": ["ffmpeg"],
            "python": ["polars>=1,<2"],
            "r": [],
        },
        "name": "lab",
        "recipe": {"key": f"recipe/{digest}.tar.gz", "sha256": digest},
        "region": "us-east-1",
        "domain": "lab.example.org",
        "names": ["lab.example.org", "www.lab.example.org", "app.lab.example.org"],
        "address": None,
        "entrance": None,
        "acme": {
            "directory": "https://acme.example.org/dir",
            "email": None,
            "root_certificate": None,
        },
        "administrator": {"name": "admin", "public_keys": [public_key, SECOND_KEY]},
        "users": [
            {"name": "ada", "public_keys": [public_key], "administrator": False, "quota": 50}
        ],
        "services": ["jupyterhub", "rstudio"],
        "home_quota": 20,
        "data_volume": {"id": "lab-storage-volume-id", "device": "/dev/sdf"},
        "rstudio": {"url": "https://example.org/rstudio.deb", "sha256": "0" * 64},
        "mirrors": {
            "pypi": "https://pypi.example.org/simple",
            **dict.fromkeys(("npm", "apt", "apt_security", "cran")),
        },
        "proxy": {"address": None, "exceptions": []},
        "routes": [],
        "hub": {},
        "ca_certificates": [],
        "http3": False,
        "host_name_per_user": False,
        "r": {"versions": None, "checksums": {}, "builds": None},
    }


def test_without_a_domain_the_server_knows_its_address_before_it_has_it(deploy, args):
    args.pop("domain")
    done = deploy(lambda: Workbench("lab", args))

    assert Settings.parse(done.named("lab-recipe-settings").inputs["content"]).address == (
        "198.51.100.7"
    )
    instance = done.one(":Instance")
    assert done.one(":EipAssociation").inputs["instanceId"] == f"{instance.name}-id"


def test_people_have_host_names_of_their_own_where_it_is_asked_for(deploy, args):
    users = [{"name": "ada"}, {"name": "b_b"}]
    more = {"users": users, "host_name_per_user": True, "zone_id": "Z9"}
    done = deploy(lambda: Workbench("lab", {**args, **more}))

    content = done.named("lab-recipe-settings").inputs["content"]
    people = origins.people(Settings.parse(content))
    hosts = ["ada.lab.example.org", "u-bb--12fe6dd.lab.example.org"]
    assert [person.host for person in people] == hosts
    assert done.named("lab-address-*.lab.example.org").inputs["name"] == "*.lab.example.org"


@pytest.mark.parametrize(
    ("protocol", "port", "offered"), [("udp", 443, True), ("tcp", 4430, False), ("udp", 53, False)]
)
def test_http3_is_offered_where_the_stack_lets_it_in(deploy, args, protocol, port, offered):
    ports = [{"protocol": protocol, "port": port, "cidr_blocks": ["0.0.0.0/0"]}]
    done = deploy(lambda: Workbench("lab", {**args, "extra_ports": ports}))

    content = done.named("lab-recipe-settings").inputs["content"]
    assert Settings.parse(content).http3 is offered


def test_the_server_reads_the_settings_it_is_left(deploy, args):
    done = deploy(lambda: Workbench("lab", args))

    settings = Settings.parse(done.named("lab-recipe-settings").inputs["content"])
    assert settings.names == ("lab.example.org", "www.lab.example.org")
    assert settings.administrator.name == "ubuntu"
    assert [user.name for user in settings.users] == ["test-user"]
    assert settings.data_volume.device == "/dev/sdf"


def test_without_users_there_is_the_books_lab_user(deploy, args, public_key):
    done = deploy(lambda: Workbench("lab", args))

    document = json.loads(done.named("lab-recipe-settings").inputs["content"])
    assert document["users"] == [
        {"name": "test-user", "public_keys": [public_key], "administrator": True}
    ]


def test_a_volume_that_was_kept_decides_the_zone(deploy, args):
    done = deploy(
        lambda: Workbench("lab", {**args, "data_volume_id": "vol-kept", "data_volume_size": 8})
    )

    assert done.one(":Volume").inputs == {"availabilityZone": "us-east-1d", "size": 8}
    assert done.one(":Volume").request.importId == "vol-kept"
    assert done.one(":Subnet").inputs["availabilityZone"] == "us-east-1d"
    assert done.one(":VolumeAttachment").inputs["volumeId"] == "vol-kept"


def test_an_existing_subnet_is_where_everything_goes(deploy, args):
    done = deploy(lambda: Workbench("lab", {**args, "subnet_id": "subnet-theirs"}))

    assert not done.all(":Vpc")
    assert done.one(":Volume").inputs["availabilityZone"] == "us-east-1c"
    assert done.one("SecurityGroup").inputs["vpcId"] == "vpc-theirs"
    assert done.one(":Instance").inputs["subnetId"] == "subnet-theirs"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"instance_type": "x9.big"}, "no instance type 'x9.big'"),
        ({"instance_type": "t4g.medium"}, "of RStudio Server that the recipe installs is for x86"),
        ({"services": ["jupyterlab"]}, "services: There is no service 'jupyterlab'"),
        ({"services": ["rstudio"]}, "needs 'jupyterhub', which isn't listed"),
        ({"domain": "lab"}, "domain is 'lab', which isn't a domain name"),
        ({"ssh_from": ["10.0.0.0/33"]}, r"ssh_from\[0\] is '10.0.0.0/33'"),
        ({"public_key": ""}, "public_key is missing"),
        ({"administrator_keys": ["mine"]}, r"administrator_keys\[0\] isn't an OpenSSH public key"),
        ({"public_key": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "is a private key"),
        ({"users": [{"name": "root"}]}, "a system account"),
        ({"users": [{"name": "a"}, {"name": "a"}]}, "has 'a' twice"),
        ({"rstudio_sha256": "0" * 64}, "the checksum of the package at rstudio_url"),
        ({"r_versions": ["4.6"]}, "r_versions has '4.6', but a version of R is three numbers"),
        ({"r_versions": ["4.1.3"]}, r"no checksum of R 4.1.3 for ubuntu-24.04 \(amd64\)"),
        ({"r_versions": ["4.6.1"], "os": "debian-12"}, "It has those of: no version"),
        ({"subnet_id": "subnet-1", "cidr_block": "10.0.0.0/16"}, "with an existing subnet"),
        ({"domain": None, "create_zone": True}, "need a domain"),
        ({"users": [{"name": "www"}], "host_name_per_user": True}, "gives www the name www.lab"),
        ({"users": [{"name": "rstudio"}], "host_name_per_user": True}, "gives rstudio the name"),
        ({"extra_names": ["test-user"], "host_name_per_user": True}, "gives test-user the name"),
    ],
)
def test_a_mistake_is_found_before_anything_is_registered(deploy, args, more, sentence):
    registered = []

    def program():
        try:
            Workbench("lab", {**args, **more})
        except ArgumentError as error:
            registered.append(error)
            raise

    with pytest.raises(ArgumentError, match=sentence):
        deploy(program)
    assert registered, "it was found too late to stop the program"


def test_with_the_hub_alone_arm_is_fine_and_there_is_one_page(deploy, args):
    more = {"services": ["jupyterhub"], "instance_type": "t4g.medium"}
    outputs = []

    done = deploy(lambda: outputs.append(Workbench("lab", {**args, **more}).stack_outputs()))

    settings = json.loads(done.named("lab-recipe-settings").inputs["content"])
    assert settings["services"] == ["jupyterhub"]
    assert {"services", "jupyter_url"} <= set(outputs[0])
    assert "rstudio_url" not in outputs[0]


def test_a_name_that_aws_could_not_use_is_refused(deploy, args):
    with pytest.raises(ArgumentError, match="at most 27"):
        deploy(lambda: Workbench("l" * 28, args))


def test_the_longest_name_fits_into_every_name_that_pulumi_makes_of_it(deploy, args):
    more = {"create_zone": True, "backup_schedule": "cron(0 5 ? * * *)"}
    done = deploy(lambda: Workbench("l" * LONGEST_NAME, {**args, **more}))

    rows = [(each, find_type(each.type)) for each in done.resources if each.type[:4] == "aws:"]
    # Pulumi puts eight characters behind.
    room = [(row.name.longest - len(each.name) - 8, row.type) for each, row in rows if row.name]
    assert {"aws:backup/vault:Vault", "aws:s3/bucket:Bucket"} < {type for _, type in room}
    assert min(room)[0] == 0, room


def test_the_servers_role_may_read_its_own_settings_and_serve_the_agent_and_nothing_more(
    deploy, args
):
    done = deploy(lambda: Workbench("lab", {**args, "backup_schedule": "cron(0 5 ? * * *)"}))

    own = done.named("lab-access-role").state["name"]
    attached = [each.inputs["role"] for each in done.all(":RolePolicyAttachment")]
    policies = [each for each in done.all(":RolePolicy") if each.inputs["role"] == own]
    statements = [
        statement
        for policy in policies
        for statement in json.loads(policy.inputs["policy"])["Statement"]
    ]
    allowed = {}
    for statement in statements:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            allowed[action] = statement["Resource"]
    # Nothing of the account's: no parameter, no secret, no other bucket, no role to take.
    assert own not in attached
    assert len(policies) == 2
    assert not [action for action in allowed if "*" in action]
    assert {
        action for action in allowed if not action.startswith(("ssmmessages", "ec2messages"))
    } == {
        "s3:GetObject",
        "ssm:UpdateInstanceInformation",
    }
    bucket = done.one("s3/bucket:Bucket").state["arn"]
    assert allowed["s3:GetObject"] == [f"{bucket}/settings.json", f"{bucket}/recipe/*"]


@pytest.mark.parametrize(("minutes", "seconds"), [(None, 86400), (0, 0), (10, 600)])
def test_an_idle_server_is_ended_after_a_day_or_as_said(deploy, args, minutes, seconds):
    more = {} if minutes is None else {"idle_timeout_minutes": minutes}
    done = deploy(lambda: Workbench("lab", {**args, **more}))
    settings = json.loads(done.named("lab-recipe-settings").inputs["content"])
    assert settings["idle_timeout"] == seconds


@pytest.mark.parametrize("minutes", [9, -1, 43201, True, False, "10"])
def test_a_time_that_cannot_be_is_refused(args, minutes):
    with pytest.raises(ArgumentError, match="a whole number from 10 to 43200 minutes, or 0"):
        check_arguments({**args, "idle_timeout_minutes": minutes})
