import json

import pytest

from workbench import WorkbenchArgs
from workbench.components.configuration import configuration_keys
from workbench.components.configuration import read_configuration
from workbench.components.configuration import read_name
from workbench.components.errors import ArgumentError


@pytest.fixture
def read(deploy, public_key):
    def read_args(**configuration):
        found = {}
        values = {"publicKey": public_key, **configuration}
        given = {key: value for key, value in values.items() if value is not None}
        deploy(lambda: found.update(read_configuration()), configuration=given)
        return found

    return read_args


def test_only_the_public_key_is_needed(read, public_key):
    assert read() == {"public_key": public_key}


def test_values_have_the_arguments_types(read, public_key):
    assert read(
        domain="lab.example.org",
        createZone="true",
        keepDataVolume="false",
        dataVolumeSize="50",
        dataVolumeId="vol-1",
        extraNames='["app"]',
        sshFrom="203.0.113.7/32, 198.51.100.0/24",
        extraPorts='[{"port": 8080, "cidrBlocks": ["203.0.113.7/32"]}]',
        packages='{"apt": ["g++"], "python": ["polars >= 1, < 2"]}',
        basePackages="[]",
        users=json.dumps([{"name": "ada", "publicKeys": [public_key], "administrator": True}]),
    ) == {
        "public_key": public_key,
        "domain": "lab.example.org",
        "create_zone": True,
        "keep_data_volume": False,
        "data_volume_size": 50,
        "data_volume_id": "vol-1",
        "extra_names": ["app"],
        "ssh_from": ["203.0.113.7/32", "198.51.100.0/24"],
        "packages": {"apt": ["g++"], "python": ["polars >= 1, < 2"]},
        "base_packages": [],
        "extra_ports": [{"port": 8080, "cidr_blocks": ["203.0.113.7/32"]}],
        "users": [{"name": "ada", "public_keys": [public_key], "administrator": True}],
    }


def test_every_argument_of_a_workbench_is_a_key():
    assert len(configuration_keys()) == len(WorkbenchArgs.__annotations__) + 1
    assert {"name", "publicKey", "dataVolumeId"} <= set(configuration_keys())


@pytest.mark.parametrize(
    ("configuration", "sentence", "hint"),
    [
        (
            {"publicKey": None},
            "workbench:publicKey is missing",
            'pulumi config set workbench:publicKey "$(cat ~/.ssh/id_ed25519.pub)"',
        ),
        (
            {"domain": "https://lab.example.org"},
            "workbench:domain is 'https://lab.example.org', but must be only the name",
            "pulumi config set workbench:domain VALUE",
        ),
        (
            {"dataVolumeSize": "big"},
            "workbench:dataVolumeSize is 'big', but must be a whole number from 1 to 16384 GiB",
            "pulumi config set workbench:dataVolumeSize VALUE",
        ),
        ({"dataVolumeSize": "2.5"}, "workbench:dataVolumeSize is '2.5'", ""),
        ({"createZone": "perhaps"}, "workbench:createZone is 'perhaps', but must be true or", ""),
        ({"sshFrom": "home"}, "workbench:sshFrom[0] is 'home', which isn't a range", ""),
        ({"sshFrom": "[7]"}, "workbench:sshFrom[0] is 7, but must be text", ""),
        ({"users": "ada"}, "workbench:users is 'ada', but must be a list", ""),
        ({"users": '["ada"]'}, "workbench:users[0] is 'ada', but must be an object", ""),
        (
            {"users": '[{"administrator": true}]'},
            "workbench:users[0].name is missing, which the program needs",
            "",
        ),
        ({"extraPorts": '[{"port": 8080}]'}, "workbench:extraPorts[0].cidrBlocks is missing", ""),
        (
            {"users": '[{"nam": "ada"}]'},
            "workbench:users[0] has no key 'nam'; did you mean 'name'?",
            "It has: name, publicKeys",
        ),
        (
            {"users": '[{"name": "ada", "public_keys": []}]'},
            "workbench:users[0] has no key 'public_keys'; did you mean 'publicKeys'?",
            "",
        ),
        ({"users": '[{"name": "ada", "administrator": "yes"}]'}, "must be true or false", ""),
        ({"users": '[{"name": "Ada"}]'}, "workbench:users[0].name is 'Ada'", ""),
        (
            {"users": "ada"},
            "must be a list",
            "pulumi config set --path 'workbench:users[0].name' VALUE",
        ),
        ({"packages": "ffmpeg"}, "must be an object with some of: apt, python, r", ""),
        ({"packages": '{"conda": []}'}, "workbench:packages has no key 'conda'", "apt, python, r"),
        (
            {"packages": '{"apt": ["ffmpeg; reboot"]}'},
            "workbench:packages.apt[0] is 'ffmpeg; reboot', which isn't the name of a package of",
            "pulumi config set --path 'workbench:packages.apt[0]' VALUE",
        ),
        (
            {"packages": '{"python": ["git+https://example.org/x"]}'},
            "workbench:packages.python[0] is 'git+https://example.org/x', which isn't the name of",
            "For example: polars>=1",
        ),
        ({"packages": '{"r": ["data_table"]}'}, "workbench:packages.r[0] is 'data_table'", ""),
        (
            {"packages": '{"python": ["scikit-learn", "Scikit_Learn>=1"]}'},
            "workbench:packages.python has 'scikit-learn' twice",
            "",
        ),
        ({"basePackages": "python,julia"}, "workbench:basePackages[1] is 'julia'", "python,r"),
        ({"os": "plan9"}, "workbench:os is 'plan9'", "pulumi config set workbench:os VALUE"),
        (
            {"domian": "lab.example.org"},
            "The program has no key 'workbench:domian'; did you mean 'workbench:domain'?",
            "pulumi config rm workbench:domian",
        ),
    ],
)
def test_refuses_with_what_to_type(read, configuration, sentence, hint):
    with pytest.raises(ArgumentError) as refused:
        read(**configuration)
    assert sentence in refused.value.message
    assert hint in refused.value.hint


def test_keys_of_others_are_left_alone(deploy, public_key, monkeypatch):
    keys = {"workbench:publicKey": public_key, "aws:region": "us-east-1", "other:key": "1"}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(keys))

    deploy(read_configuration)


def test_the_name_is_the_books_unless_given(deploy):
    names = []
    deploy(lambda: names.append(read_name()))
    deploy(lambda: names.append(read_name()), configuration={"name": "lab"})

    assert names == ["do4ds-lab", "lab"]
    with pytest.raises(ArgumentError, match="workbench:name is 'My Lab'"):
        deploy(read_name, configuration={"name": "My Lab"})
