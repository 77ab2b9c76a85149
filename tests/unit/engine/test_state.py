"""A stack's state, read from its file."""

import json

import pytest

from workbench.engine.changes import Changes
from workbench.engine.damage import StateDamagedError
from workbench.engine.environment import backend_dir
from workbench.engine.state import SIGNATURE
from workbench.engine.state import Place
from workbench.engine.state import Resource
from workbench.engine.state import parse_state
from workbench.engine.state import read_outputs_fast
from workbench.engine.state import read_state_file

URN = "urn:pulumi:s::workbench::workbench:index:Server$aws:ec2/instance:Instance::lab-server"
DEPLOYMENT = {
    "resources": [
        {
            "urn": "urn:pulumi:s::workbench::pulumi:pulumi:Stack::workbench-s",
            "type": "pulumi:pulumi:Stack",
            "custom": False,
            "outputs": {"url": "https://workbench.localhost/"},
        },
        {
            "urn": "urn:pulumi:s::workbench::pulumi:providers:aws::default",
            "type": "pulumi:providers:aws",
            "custom": True,
        },
        {"urn": URN, "type": "aws:ec2/instance:Instance", "custom": True, "id": "i-1"},
    ],
    "pending_operations": [{"type": "creating", "resource": {"urn": URN}}],
}


@pytest.fixture
def written():
    def write(deployment, stack="rehearsal"):
        path = backend_dir("default") / ".pulumi" / "stacks" / "workbench" / f"{stack}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"version": 3, "checkpoint": {"latest": deployment}}))
        return path

    return write


def test_components_and_providers_are_no_resources():
    state = parse_state(DEPLOYMENT)
    assert state.resources == (Resource("aws:ec2/instance:Instance", "lab-server", "i-1"),)
    assert [(what, str(each)) for what, each in state.pending] == [
        ("creating", "Instance lab-server")
    ]
    assert state.told() == "What exists: Instance lab-server."


def test_what_a_workbench_cannot_be_without_is_named_first_and_never_left_out():
    steps = [("create", Resource("BucketObjectv2", f"object-{each}")) for each in range(9)]
    server, zone = Resource("aws:ec2/instance:Instance", "lab"), Resource("Zone", "lab")
    steps += [("replace", server), ("delete-replaced", server), ("delete", zone)]
    named = Changes({}, tuple(steps)).named()
    assert named.startswith("replace Instance lab, delete Zone lab, create BucketObjectv2 object-0")
    assert named.endswith("object-5 and 3 more")
    many = tuple(("delete", Resource("Volume", f"data-{each}")) for each in range(12))
    assert "data-11" in Changes({}, many).named()


@pytest.mark.parametrize(
    ("operation", "changed", "stops"),
    [
        ("create", (), False),
        ("replace", ("subnetId",), True),
        ("delete", (), True),
        ("update", ("instanceType", "tags"), True),
        ("update", ("tags", "tagsAll"), False),
        ("update", (), True),
    ],
)
def test_a_server_stops_for_what_cannot_be_changed_while_it_runs(operation, changed, stops):
    server = Resource("aws:ec2/instance:Instance", "lab", changed=changed)
    assert Changes({}, ((operation, server),)).stops_server("i-1") is stops
    volume = Resource("aws:ebs/volume:Volume", "lab", changed=changed)
    assert not Changes({}, ((operation, volume),)).stops_server("i-1")


def test_a_server_stops_where_its_data_volume_goes():
    attached = Resource("aws:ec2/volumeAttachment:VolumeAttachment", "lab-data")
    assert Changes({}, (("replace", attached),)).stops_server("i-1")
    assert not Changes({}, (("create", attached),)).stops_server("i-1")


def test_a_server_does_not_stop_where_a_second_one_goes():
    second = Resource("aws:ec2/instance:Instance", "lab-2", "i-2")
    gone = Changes({}, (("delete", second),))
    assert gone.stops_server()
    assert gone.stops_server("i-2")
    assert not gone.stops_server("i-1")


def test_the_arns_in_ec2_tell_where_the_stack_is():
    default = "urn:pulumi:prod::lab::pulumi:providers:aws::default_7_51_1::4f8e"
    own = "urn:pulumi:prod::lab::pulumi:providers:aws::elsewhere::5a9d"

    def made(arn, provider=default, **more):
        outputs = {"arn": arn}
        return {"urn": URN, "type": "aws:any", "provider": provider, "outputs": outputs, **more}

    found = parse_state(
        {
            "resources": [
                made("arn:aws:s3:::lab-bucket"),
                made("arn:aws:iam::123456789012:role/lab"),
                made("arn:aws-cn:ec2:cn-north-1:123456789012:security-group/sg-1"),
                made("arn:aws:ec2:us-east-1::image/ami-1"),
                made("arn:aws:ec2:us-east-1:999999999999:subnet/subnet-1", external=True),
                made("arn:aws:ec2:eu-west-1:888888888888:volume/vol-1", provider=own),
                made({"an": "output that is a secret"}),
                {"urn": URN, "type": "aws:any", "provider": default},
            ]
        }
    )
    assert found.places == {Place("123456789012", "cn-north-1")}


def test_a_new_stack_is_empty(written):
    written(None)
    assert read_state_file("rehearsal").told() == "Nothing exists."
    assert read_outputs_fast("rehearsal") == {}


def test_outputs_are_read_from_the_file(written):
    written(DEPLOYMENT)
    assert read_outputs_fast("rehearsal") == {"url": "https://workbench.localhost/"}
    assert read_outputs_fast("organization/workbench/rehearsal") is not None


def test_a_secret_output_is_left_to_the_engine(written):
    secret = {"ciphertext": "v1:…", SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}
    root = {**DEPLOYMENT["resources"][0], "outputs": {"password": secret}}
    written({"resources": [root]})
    assert read_outputs_fast("rehearsal") is None


def test_there_may_be_no_such_stack(written):
    assert read_outputs_fast("rehearsal") is None
    assert read_outputs_fast("dev") is None


@pytest.mark.parametrize("content", ["", "{half", "[]", '{"checkpoint": {"latest": 1}}', "\0\0"])
def test_a_damaged_file_is_no_missing_stack(written, content):
    written({}).write_text(content)
    with pytest.raises(StateDamagedError, match=r"rehearsal\.json.*\n  workbench recover"):
        read_outputs_fast("rehearsal")


def test_changes_are_told_in_numbers_and_by_name():
    changes = Changes(
        {"create": 2, "update": 1, "same": 4, "create-replacement": 1},
        (("create", Resource("a:b:Volume", "data")), ("delete-replaced", Resource("a:b:C", "c"))),
    )
    assert changes.total == 3
    assert str(changes) == "2 created, 1 updated, 4 unchanged"
    assert changes.named() == "create Volume data"
    assert str(Changes({"same": 4})) == "no changes (4 unchanged)"
    assert str(Changes()) == "no changes (empty)"
