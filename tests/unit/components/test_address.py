import pytest

from workbench import Address
from workbench.components.errors import ArgumentError


@pytest.fixture
def address(deploy):
    return lambda **args: deploy(lambda: Address("adr", {"instance_id": "i-1", **args}))


def outputs(done):
    return done.outputs[done.one(":Address").urn]


def test_the_elastic_ip_follows_the_instance(address):
    association = address().one(":EipAssociation")

    assert association.inputs["instanceId"] == "i-1"
    assert association.inputs["allocationId"] == "eipalloc-adr-elastic-ip"
    assert association.request.deleteBeforeReplace is True


def test_without_a_domain_the_address_is_the_ip(address):
    done = address()

    assert not done.all(":Record")
    assert outputs(done)["url"] == "https://198.51.100.7/"
    assert outputs(done)["names"] == []


def test_a_domain_kept_elsewhere_says_which_records_to_make(address):
    done = address(domain="Lab.Example.org.", extra_names=["app"])

    assert not done.all(":Record")
    assert not done.all(":Zone")
    names = ["lab.example.org", "www.lab.example.org", "app.lab.example.org"]
    assert outputs(done)["dnsRecords"] == [
        {"name": name, "type": "A", "value": "198.51.100.7", "ttl": 300} for name in names
    ]
    assert outputs(done)["names"] == names
    assert outputs(done)["url"] == "https://lab.example.org/"


def test_an_existing_zone_gets_the_records(address):
    done = address(domain="lab.example.org", zone_id="Z9", extra_names=["*"], www=False)

    assert not done.all(":Zone")
    records = done.all(":Record")
    assert {each.inputs["name"] for each in records} == {"lab.example.org", "*.lab.example.org"}
    for each in records:
        assert each.inputs["zoneId"] == "Z9"
        assert each.inputs["type"] == "A"
        assert each.inputs["records"] == ["198.51.100.7"]
    assert outputs(done)["dnsRecords"] == []
    assert outputs(done)["names"] == ["lab.example.org"]


def test_people_with_host_names_have_one_record_together(address):
    done = address(domain="lab.example.org", zone_id="Z9", host_name_per_user=True, www=False)

    names = {each.inputs["name"] for each in done.all(":Record")}
    assert names == {"lab.example.org", "*.lab.example.org"}
    # No certificate is had for a wildcard: each person's name has its own.
    assert outputs(done)["names"] == ["lab.example.org"]


def test_a_new_zone_says_its_name_servers(address):
    done = address(domain="lab.example.org", create_zone=True)

    assert done.one(":Zone").inputs["name"] == "lab.example.org"
    assert {each.inputs["zoneId"] for each in done.all(":Record")} == {"Z1"}
    assert outputs(done)["nameServers"] == ["ns-1.example.net", "ns-2.example.net"]


def test_the_zone_of_the_very_domain_gets_the_records(address):
    assert len(address(domain="example.org", zone_id="Z9").all(":Record")) == 2


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"domain": "lab_example"}, "isn't a domain name"),
        ({"domain": "https://lab.example.org"}, "without https://"),
        ({"domain": "lab..org"}, "isn't a domain name"),
        ({"domain": "münchen.example"}, "xn--mnchen-3ya.example"),
        ({"domain": "198.51.100.7"}, "isn't a domain name"),
        ({"domain": "a.org", "zone_id": "Z", "create_zone": True}, "exclude each other"),
        ({"create_zone": True}, "need a domain"),
        ({"host_name_per_user": True}, "need a domain"),
        ({"domain": "lab.example.com", "zone_id": "Z"}, "'Z' is of example.org, which lab.example"),
        ({"domain": "counterexample.org", "zone_id": "Z"}, "is of example.org, which counterexamp"),
        ({"domain": "a.org", "extra_names": ["bad name"]}, r"extra_names\[0\]"),
    ],
)
def test_refuses(address, args, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        address(**args)
