import hashlib
import json
from pathlib import Path

import pulumi
import pytest

from workbench import Recipe
from workbench.components.errors import ArgumentError
from workbench.host.pack import pack_recipe

ARGS = {"role_name": "role-1", "settings": {"version": 1, "name": "lab"}}


@pytest.fixture
def done(deploy):
    return deploy(lambda: Recipe("rec", ARGS))


def test_the_bucket_is_private_and_versioned_before_anything_is_in_it(done):
    block = done.one(":BucketPublicAccessBlock")
    assert {key for key, value in block.inputs.items() if value is True} == {
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    }
    versioning = done.one(":BucketVersioning")
    assert versioning.inputs["versioningConfiguration"] == {"status": "Enabled"}
    for item in done.all(":BucketObjectv2"):
        assert {block.urn, versioning.urn} <= set(item.request.dependencies)


def test_the_encryption_is_left_to_s3_which_adds_to_what_is_declared(done):
    assert not done.all(":BucketServerSideEncryptionConfiguration")


def test_the_recipe_is_named_by_its_checksum(done):
    recipe = done.named("rec-recipe")
    content = Path(recipe.inputs["source"].path).read_bytes()

    digest = hashlib.sha256(content).hexdigest()
    assert recipe.inputs["key"] == f"recipe/{digest}.tar.gz"
    assert content == pack_recipe().content


def test_the_settings_name_the_recipe_and_come_after_it(done):
    settings, recipe = done.named("rec-settings"), done.named("rec-recipe")

    assert settings.inputs["key"] == "settings.json"
    document = json.loads(settings.inputs["content"])
    assert document["recipe"]["key"] == recipe.inputs["key"]
    assert document["name"] == "lab"
    assert recipe.urn in settings.request.dependencies
    outputs = done.outputs[done.one(":Recipe").urn]
    assert outputs["recipeSha256"] == document["recipe"]["sha256"]
    content = settings.inputs["content"].encode()
    assert outputs["settingsSha256"] == hashlib.sha256(content).hexdigest()


def test_the_role_may_read_the_recipe_and_the_settings_and_nothing_more(done):
    policy = done.one(":RolePolicy").inputs

    assert policy["role"] == "role-1"
    (statement,) = json.loads(policy["policy"])["Statement"]
    arn = "arn:aws:s3:::rec-bucket-1234567"
    assert statement == {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": [f"{arn}/settings.json", f"{arn}/recipe/*"],
    }


@pytest.mark.parametrize(("given", "empties"), [(None, True), (False, False)])
def test_destroying_empties_the_bucket_unless_told_otherwise(deploy, given, empties):
    done = deploy(lambda: Recipe("rec", {**ARGS, "force_destroy": given}))

    assert done.one("s3/bucket:Bucket").inputs["forceDestroy"] is empties


def test_settings_may_hold_what_is_not_known_yet(deploy):
    later = pulumi.Output.from_input
    done = deploy(lambda: Recipe("rec", {**ARGS, "settings": {"users": [later("x")]}}))

    assert json.loads(done.named("rec-settings").inputs["content"])["users"] == ["x"]


def test_a_name_that_no_bucket_can_start_with_is_refused(deploy):
    with pytest.raises(ArgumentError, match="lowercase letters, digits and hyphens"):
        deploy(lambda: Recipe("My_Lab", ARGS))
