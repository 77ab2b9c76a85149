"""Pulumi's resource options mean at each component what they mean everywhere."""

import pulumi
import pulumi_aws as aws
import pytest
from least_arguments import LEAST

from workbench import Address
from workbench import Server


@pytest.fixture
def make(deploy, public_key):
    """Run a program with a component of a kind, and the options that a function returns."""

    def run(component, options):
        args = {
            key: public_key if value == "KEY" else value for key, value in LEAST[component].items()
        }
        if "schedule" in args:
            args["schedule"] = "cron(0 5 ? * * *)"

        return deploy(lambda: component("lab", args, options()))

    return run


def parts(done):
    return [each for each in done.resources if each.type.startswith("aws:")]


@pytest.mark.parametrize("component", LEAST)
@pytest.mark.parametrize("plural", [False, True])
def test_a_provider_makes_everything_and_answers_every_lookup(component, plural, make):
    def options():
        provider = aws.Provider("west", region="us-west-2")
        given = {"providers": [provider]} if plural else {"provider": provider}
        return pulumi.ResourceOptions(**given)

    done = make(component, options)

    ours = f"{done.one('pulumi:providers:aws').urn}::west-id"
    assert parts(done)
    assert {each.request.provider for each in parts(done)} == {ours}
    assert {reference for _, _, reference in done.calls} <= {ours}


@pytest.mark.parametrize("component", LEAST)
def test_what_a_component_was_called_before_is_told_of_it(component, make):
    done = make(component, lambda: pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")]))

    (alias,) = done.one(f":{component.__name__}").request.aliases
    assert alias.spec.name == "old"


@pytest.mark.parametrize("component", LEAST)
def test_it_comes_after_what_it_depends_on(component, make):
    def options():
        return pulumi.ResourceOptions(depends_on=[aws.ec2.Vpc("first", cidr_block="10.0.0.0/16")])

    done = make(component, options)

    first = done.named("first").urn
    assert first in done.one(f":{component.__name__}").request.dependencies
    # Pulumi hands it to no children; these need the way to the internet to be there.
    if component in (Server, Address):
        kind = ":Instance" if component is Server else ":EipAssociation"
        assert first in done.one(kind).request.dependencies


@pytest.mark.parametrize("component", LEAST)
def test_what_its_own_options_ignore_is_told_of_it_alone(component, make):
    done = make(component, lambda: pulumi.ResourceOptions(ignore_changes=["tags"]))

    # Pulumi's own rule: a transform reaches the children.
    assert list(done.one(f":{component.__name__}").request.ignoreChanges) == ["tags"]


@pytest.mark.parametrize("component", LEAST)
def test_a_transformation_reaches_every_part(component, make):
    def tag(args):
        if hasattr(args.props, "get") and args.type_.startswith("aws:"):
            args.props["tags"] = {"Team": "genomics"}
        return pulumi.ResourceTransformationResult(args.props, args.opts)

    done = make(component, lambda: pulumi.ResourceOptions(transformations=[tag]))

    assert parts(done)
    assert all(each.inputs["tags"] == {"Team": "genomics"} for each in parts(done))
