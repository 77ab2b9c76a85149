"""Wrong arguments end in one sentence, before a component or a part of it is registered."""

import pulumi
import pytest
from least_arguments import LEAST

from workbench import Network
from workbench import Recipe
from workbench import Server
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
def refusal(deploy):
    """Run a program that must be refused with nothing registered; return the sentence."""

    def run(program):
        done = []
        with pytest.raises(ArgumentError) as refused:
            done.append(deploy(program))
        assert not done
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
    ],
)
def test_what_is_wrong_is_named_with_its_place(component, wrong, sentence, least, refusal):
    assert sentence in refusal(lambda: component("lab", least(component, **wrong)))


def test_what_must_be_known_before_is_refused_as_an_output(least, refusal):
    def program():
        Workbench("lab", least(Workbench, domain=pulumi.Output.from_input("lab.example.org")))

    assert refusal(program).startswith(
        "domain must be known in a preview, as Workbench decides by it what to make, "
        "but it is an output."
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


@pytest.mark.parametrize("component", LEAST)
def test_what_the_annotations_allow_is_taken(component, deploy, least):
    def program():
        component("lab", least(component), pulumi.ResourceOptions())

    assert deploy(program).one(f":{component.__name__}")


@pytest.mark.parametrize("component", LEAST)
def test_protection_reaches_everything_in_it(component, deploy, least):
    options = pulumi.ResourceOptions(protect=True)
    done = deploy(lambda: component("lab", least(component), options))

    assert done.resources
    assert [each.name for each in done.resources if not each.request.protect] == []
