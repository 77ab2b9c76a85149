"""Outputs of other resources are taken wherever a value only feeds settings or AWS."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import pulumi
import pytest

from workbench import Access
from workbench import Backup
from workbench import Server
from workbench import Storage
from workbench import Workbench
from workbench import WorkbenchArgs
from workbench.components.component import unwrap
from workbench.components.errors import ArgumentError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy me@desk"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
# What isn't a choice of what to make; a value, and where the server's settings have it.
LATE = {
    "administrator_keys": ([KEY], ("administrator", "public_keys")),
    "users": ([{"name": "ada", "public_keys": [KEY]}], ("users",)),
    "home_quota": (7, ("home_quota",)),
    "idle_timeout_minutes": (30, ("idle_timeout",)),
    "time_zone": ("Europe/Berlin", ("time_zone",)),
    "packages": ({"apt": ["ffmpeg"]}, ("packages",)),
    "base_packages": (["r"], ("packages", "base")),
    "acme_directory": ("https://acme.example.org/dir", ("acme", "directory")),
    "acme_email": ("ada@example.org", ("acme", "email")),
    "acme_root_certificate": (CERTIFICATE, ("acme", "root_certificate")),
    "ca_certificates": ([CERTIFICATE], ("ca_certificates",)),
    "rstudio_url": ("https://example.org/rstudio.deb", ("rstudio", "url")),
    "r_builds_url": ("https://example.org/r", ("r", "builds")),
    "pypi_index": ("https://pypi.example.org/simple", ("mirrors", "pypi")),
    "npm_registry": ("https://npm.example.org", ("mirrors", "npm")),
    "apt_mirror": ("https://apt.example.org/debian", ("mirrors", "apt")),
    "cran_mirror": ("https://r.example.org/{codename}/{snapshot}", ("mirrors", "cran")),
    "jupyterhub_config": ({"Spawner": {"mem_limit": "2G"}}, ("hub",)),
    "http_proxy": ("http://proxy.example.org:3128", ("proxy", "address")),
}


@dataclass
class Late:
    """What is an output in the program: the value when all is known."""

    value: Any


UNKNOWN = Late(pulumi.UNKNOWN)


def made(given):
    """Return arguments with outputs, which must be made where the program runs."""
    if isinstance(given, Late):
        is_known = given is not UNKNOWN
        return pulumi.Output(soon(set()), soon(given.value), soon(is_known))
    if isinstance(given, dict):
        return {key: made(value) for key, value in given.items()}
    return [made(value) for value in given] if isinstance(given, list) else given


def soon(value):
    future = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


@pytest.fixture
def settings(deploy, public_key):
    def of(**args):
        done = deploy(lambda: Workbench("lab", made({"public_key": public_key, **args})))
        return json.loads(done.named("lab-recipe-settings").inputs["content"])

    return of


@pytest.mark.parametrize("name", LATE)
def test_an_output_ends_up_in_the_settings_as_its_value_does(settings, name):
    value, place = LATE[name]

    plain, given = settings(**{name: value}), settings(**{name: Late(value)})
    assert given == plain
    for key in place:
        plain = plain[key]
    assert plain


@pytest.mark.parametrize("name", [*LATE, "rstudio_sha256", "data_volume_size", "root_volume_size"])
def test_a_preview_goes_through_while_nothing_is_known(deploy, public_key, name):
    args = {"public_key": public_key, name: UNKNOWN}
    if name == "rstudio_sha256":
        args["rstudio_url"] = "https://example.org/rstudio.deb"

    assert deploy(lambda: Workbench("lab", made(args)), preview=True).one(":Instance")


@pytest.mark.parametrize(
    ("users", "said"),
    [
        (Late([{"name": "ada"}, "grace"]), "users[1] is 'grace', but must be a dictionary"),
        (Late([{"name": "Ada"}]), "users[0].name is 'Ada'"),
        (Late("ada"), "users is 'ada', but must be a list"),
        ([{"name": "ada", "public_keys": Late(["hello"])}], "users[0].public_keys[0] isn't an Op"),
        ([Late({"name": "ada", "admin": True})], "users[0] has no argument 'admin'"),
        ([{"name": Late("root")}], "users[0].name is 'root', which is a system account"),
        ([{"name": "ada", "quota": Late(0)}], "users[0].quota is 0, but must be a whole number"),
    ],
)
def test_what_an_output_turns_out_to_be_is_checked(settings, users, said):
    with pytest.raises(ArgumentError, match=re.escape(said)):
        settings(users=users)


def test_one_persons_key_may_be_an_output(settings):
    users = [{"name": "ada", "public_keys": [Late(KEY)]}, {"name": Late("grace")}]

    assert [user["name"] for user in settings(users=users)["users"]] == ["ada", "grace"]


def test_the_stacks_output_has_the_names_of_people_who_are_an_output(deploy, public_key):
    def program():
        users = Late([{"name": "ada"}, {"name": "grace"}])
        whole = Workbench("lab", made({"public_key": public_key, "users": users}))
        pulumi.export("users", whole.users)

    assert deploy(program).exports["users"] == ["ada", "grace"]


def test_a_host_name_that_an_output_would_take_is_refused(settings):
    given = {"domain": "lab.example.org", "host_name_per_user": True}
    with pytest.raises(ArgumentError, match=r"gives www the name www\.lab"):
        settings(users=Late([{"name": "www"}]), **given)


@pytest.mark.parametrize("network", ["203.0.113.7/32", "2001:db8::/32"])
def test_a_range_that_is_an_output_opens_what_it_says(deploy, public_key, network):
    def program():
        ports = [{"port": 8443, "cidr_blocks": [Late(network)]}]
        args = {"vpc_id": "vpc-1", "public_key": Late(public_key), "ssh_from": [Late(network)]}
        Access("lab", made({**args, "extra_ports": ports}))

    done = deploy(program)
    for name in ("lab-tcp-22-output-0", "lab-tcp-8443-output-0"):
        inputs = done.named(name).inputs
        assert inputs.get("cidrIpv6" if ":" in network else "cidrIpv4") == network
        assert not {"cidrIpv4", "cidrIpv6"} <= set(inputs)


def test_a_range_that_turns_out_to_be_none_is_refused(deploy, public_key):
    args = {"vpc_id": "vpc-1", "public_key": public_key, "ssh_from": [Late("home")]}
    with pytest.raises(ArgumentError, match=r"ssh_from\[0\] is 'home', which isn't a range"):
        deploy(lambda: Access("lab", made(args)))


def test_sizes_may_be_outputs(deploy):
    def program():
        Storage("data", made({"availability_zone": "us-east-1a", "size": Late(50)}))
        Server(
            "lab",
            made(
                {
                    "subnet_id": "subnet-1",
                    "security_group_ids": ["sg-1"],
                    "key_name": "key",
                    "root_volume_size": Late(40),
                }
            ),
        )
        Backup("lab-backup", made({"volume_arn": "arn:aws:x", "retention_days": Late(3)}))

    done = deploy(program)
    assert done.one(":Volume").inputs["size"] == 50
    assert done.one(":Instance").inputs["rootBlockDevice"]["volumeSize"] == 40
    assert done.one(":Plan").inputs["rules"][0]["lifecycle"] == {"deleteAfter": 3}


@pytest.mark.parametrize(("size", "said"), [(0, "size is 0, but must be"), ("x", "size is 'x'")])
def test_a_size_that_turns_out_to_be_none_is_refused(deploy, size, said):
    args = {"availability_zone": "us-east-1a", "size": Late(size)}
    with pytest.raises(ArgumentError, match=re.escape(said)):
        deploy(lambda: Storage("data", made(args)))


def plain_ones():
    return [name for name, kind in WorkbenchArgs.__annotations__.items() if not unwrap(kind)[1]]


@pytest.mark.parametrize("name", plain_ones())
def test_what_decides_what_is_made_says_that_a_preview_must_know_it(
    deploy, public_key, registered, name
):
    args = {"public_key": public_key, name: Late("x")}
    with pytest.raises(ArgumentError) as refused:
        deploy(lambda: Workbench("lab", made(args)), into=registered)

    assert refused.value.message.startswith(f"{name} must be known in a preview")
    assert registered.resources == []


def test_of_a_list_it_says_that_items_may_be_outputs(deploy, public_key):
    args = {"public_key": public_key, "ssh_from": Late(["203.0.113.7/32"])}
    with pytest.raises(ArgumentError, match="a list, whose items may be outputs"):
        deploy(lambda: Workbench("lab", made(args)))
