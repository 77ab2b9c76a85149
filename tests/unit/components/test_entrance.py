"""A load balancer in front of a workbench, and the workbench behind it."""

import json
import re
from pathlib import Path

import pulumi
import pytest

from workbench import Entrance
from workbench import Workbench
from workbench.components.errors import ArgumentError
from workbench.host.services import caddy
from workbench.host.settings import Settings

DOCUMENT = Path(__file__).parents[3] / "docs" / "org.md"
ZONES = {"subnet-a": "us-east-1a", "subnet-b": "us-east-1b", "subnet-a2": "us-east-1a"}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lab/0123456789abcdef"
DOMAIN = "lab.example.org"
ENTRY = {
    "security_group_id": "sg-0123456789abcdef0",
    "target_group_arn": GROUP,
    "cidr_blocks": ["10.9.1.0/24", "10.9.2.0/24"],
    "dns_name": "lab-1.us-east-1.elb.amazonaws.com",
}


def subnets(token, arguments):
    if not token.endswith(":getSubnet"):
        return None
    number = sorted(ZONES).index(arguments["id"])
    return {
        "vpcId": "vpc-other" if arguments["id"] == "subnet-a2" else "vpc-1",
        "availabilityZone": ZONES[arguments["id"]],
        "cidrBlock": f"10.9.{number}.0/24",
    }


@pytest.fixture
def entrance(deploy):
    def deployed(preview=False, **more):
        args = {
            "subnet_ids": ["subnet-a", "subnet-b"],
            "domain": "lab.example.org",
            "zone_id": "Z9",
            **more,
        }
        args = {key: value for key, value in args.items() if value is not None}
        return deploy(lambda: Entrance("lab", args), preview=preview, answer=subnets)

    return deployed


@pytest.fixture
def behind(deploy, public_key):
    def deployed(preview=False, **more):
        args = {"public_key": public_key, "domain": "lab.example.org", "entrance": ENTRY, **more}
        return deploy(lambda: Workbench("lab", args), preview=preview, answer=subnets)

    return deployed


def outputs(done):
    return done.outputs[done.one(":Entrance").urn]


def test_it_is_in_both_zones_and_kept_open_for_notebooks(entrance):
    balancer = entrance().one(":LoadBalancer").inputs

    assert balancer["subnets"] == ["subnet-a", "subnet-b"]
    assert balancer["idleTimeout"] == 3600
    assert balancer["preserveHostHeader"] is True
    assert "enableDeletionProtection" not in balancer or not balancer["enableDeletionProtection"]


def test_http_leads_to_https_and_that_to_the_server_by_https(entrance):
    done = entrance()
    listeners = {each.inputs["port"]: each.inputs for each in done.all(":Listener")}

    assert listeners[80]["defaultActions"][0]["redirect"] == {
        "protocol": "HTTPS",
        "port": "443",
        "statusCode": "HTTP_301",
    }
    assert listeners[443]["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-")
    assert listeners[443]["defaultActions"][0]["type"] == "forward"
    group = done.one(":TargetGroup").inputs
    assert (group["protocol"], group["port"]) == ("HTTPS", 443)
    assert group["healthCheck"]["path"] == "/"


def test_the_certificate_is_for_all_names_and_proved_once_for_each_domain(entrance):
    done = entrance(host_name_per_user=True)

    certificate = done.one(":Certificate").inputs
    assert certificate["domainName"] == "lab.example.org"
    assert certificate["subjectAlternativeNames"] == ["www.lab.example.org", "*.lab.example.org"]
    proofs = [each.inputs for each in done.all(":Record") if each.inputs["type"] == "CNAME"]
    assert {each["name"] for each in proofs} == {"_1.lab.example.org.", "_1.www.lab.example.org."}
    assert len(proofs) == 2
    assert done.one(":CertificateValidation")


def test_its_names_are_aliases(entrance):
    done = entrance(host_name_per_user=True, www=False)

    aliases = {
        each.inputs["name"]: each.inputs["aliases"][0]
        for each in done.all(":Record")
        if each.inputs["type"] == "A"
    }
    assert aliases.keys() == {"lab.example.org", "*.lab.example.org"}
    assert {each["zoneId"] for each in aliases.values()} == {"ZELB"}
    told = outputs(done)
    assert told["url"] == "https://lab.example.org/"
    assert told["entry"]["cidr_blocks"] == ["10.9.0.0/24", "10.9.2.0/24"]
    assert told["entry"]["target_group_arn"] == told["targetGroupArn"]


def test_a_certificate_from_elsewhere_needs_no_zone(entrance):
    done = entrance(zone_id=None, certificate_arn=CERTIFICATE)

    assert not done.all(":Certificate")
    assert not done.all(":Record")
    (https,) = (each for each in done.all(":Listener") if each.inputs["port"] == 443)
    assert https.inputs["certificateArn"] == CERTIFICATE
    told = outputs(done)
    assert {each["name"]: each["type"] for each in told["dnsRecords"]} == {
        "lab.example.org": "CNAME",
        "www.lab.example.org": "CNAME",
    }
    assert {each["value"] for each in told["dnsRecords"]} == {told["dnsName"]}
    assert told["entry"]["dns_records"] == told["dnsRecords"]
    assert outputs(entrance())["dnsRecords"] == []


def test_without_waiting_for_the_certificate_there_is_no_https_yet(entrance):
    done = entrance(wait_for_certificate=False)

    (listener,) = done.all(":Listener")
    assert listener.inputs["port"] == 80
    assert listener.inputs["defaultActions"][0]["fixedResponse"]["statusCode"] == "503"
    assert done.all(":Record")
    assert not done.all(":CertificateValidation")


def test_protection_is_aws_s_and_pulumi_s(entrance):
    balancer = entrance(protect=True).one(":LoadBalancer")

    assert balancer.inputs["enableDeletionProtection"] is True
    assert balancer.request.protect is True


def test_a_preview_needs_nothing_that_aws_decides(entrance):
    assert entrance(preview=True).one(":LoadBalancer")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"subnet_ids": ["subnet-a"]}, "needs public subnets in two zones at least"),
        ({"subnet_ids": []}, "needs public subnets in two zones at least"),
        ({"zone_id": None}, "needs zone_id, to prove to AWS whose domain it is"),
        ({"domain": "lab"}, "domain is 'lab'"),
        ({"idle_timeout": 0}, "idle_timeout is 0"),
        ({"certificate_arn": "arn:aws:iam::1:x"}, "isn't the ARN of a certificate"),
        (
            {"certificate_arn": CERTIFICATE, "wait_for_certificate": False},
            "wait_for_certificate is about a certificate that is made",
        ),
    ],
)
def test_what_it_can_not_be_made_of_is_told(entrance, wrong, said):
    with pytest.raises(ArgumentError) as told:
        entrance(**wrong)
    assert said in told.value.message


@pytest.mark.parametrize("name", ["", "my_lab", "-lab", "lab-", "internal", "internal-lab", "läb"])
def test_a_name_that_aws_does_not_take_is_refused(name):
    with pytest.raises(ArgumentError, match=f"The name of an Entrance is '{name}', but AWS allows"):
        Entrance(name, {"subnet_ids": ["a", "b"], "domain": "a.example.org", "zone_id": "Z"})


def test_a_name_with_capitals_is_taken(deploy):
    args = {"subnet_ids": ["subnet-a", "subnet-b"], "domain": "a.example.org", "zone_id": "Z"}
    assert deploy(lambda: Entrance("Lab-2", args), answer=subnets).one(":LoadBalancer")
    with pytest.raises(ArgumentError, match="but AWS allows at most 20 characters"):
        Entrance("a" * 21, args)


def test_two_subnets_in_one_zone_are_refused_once_they_are_known(entrance, monkeypatch):
    monkeypatch.setitem(ZONES, "subnet-b", "us-east-1a")
    with pytest.raises(ArgumentError, match="needs two zones, with one subnet in each"):
        entrance()
    with pytest.raises(ArgumentError, match="subnets of several VPCs"):
        entrance(subnet_ids=["subnet-a", "subnet-a2"])


def test_a_workbench_behind_it_takes_requests_from_it_alone(behind):
    done = behind()

    opened = [each.inputs for each in done.all(":SecurityGroupIngressRule")]
    web = [each for each in opened if each["fromPort"] in (80, 443)]
    assert {each["fromPort"] for each in web} == {80, 443}
    assert {each.get("referencedSecurityGroupId") for each in web} == {ENTRY["security_group_id"]}
    assert not any(each.get("cidrIpv4") for each in web)
    attachment = done.one(":TargetGroupAttachment").inputs
    assert attachment == {"targetGroupArn": GROUP, "targetId": "lab-server-instance-id"}
    assert not done.all(":Record")
    whole = done.outputs[done.one(":Workbench").urn]
    assert whole["url"] == "https://lab.example.org/"
    # Never the server's address.
    assert whole["dnsRecords"] == []
    record = {"name": "lab.example.org", "type": "CNAME", "value": ENTRY["dns_name"], "ttl": 300}
    known = behind(entrance={**ENTRY, "dns_records": [record]})
    assert known.outputs[known.one(":Workbench").urn]["dnsRecords"] == [record]
    assert whole["outputs"]["entrance"] == ENTRY["dns_name"]
    assert whole["outputs"]["entrance_security_group_id"] == ENTRY["security_group_id"]


def test_the_server_that_takes_over_takes_its_place(behind):
    done = behind(current_server="second", previous_instance_type="t3.large")

    (attachment,) = done.all(":TargetGroupAttachment")
    before = behind().one(":TargetGroupAttachment")
    assert attachment.urn == before.urn
    assert attachment.inputs["targetId"] != before.inputs["targetId"]


def test_the_server_is_told_whom_to_believe_and_asks_no_authority(behind):
    text = behind().named("lab-recipe-settings").inputs["content"]
    settings = Settings.parse(text)

    assert settings.entrance == ("10.9.1.0/24", "10.9.2.0/24")
    # What changes with the load balancer alone is nothing to converge to.
    assert json.loads(text)["entrance"] == {"cidr_blocks": ENTRY["cidr_blocks"]}
    assert caddy.certified(settings) == ()
    assert Settings.parse(json.dumps(json.loads(text) | {"entrance": None})).entrance is None


def test_both_make_one_program(deploy, public_key):
    def program():
        front = Entrance(
            "lab",
            {"subnet_ids": ["subnet-a", "subnet-b"], "domain": "a.example.org", "zone_id": "Z"},
        )
        args = {"public_key": public_key, "domain": "a.example.org", "entrance": front.entry}
        Workbench("wb", args)

    done = deploy(
        program, answer=subnets, outputs={"SecurityGroup": {"id": "sg-0123456789abcdef0"}}
    )
    attachment = done.one(":TargetGroupAttachment").inputs
    assert attachment["targetGroupArn"] == done.one(":TargetGroup").state["arn"]
    awaited = done.named("wb-recipe-settings").options.dependencies
    assert not any("LoadBalancer" in urn or "TargetGroup" in urn for urn in awaited)
    assert not any("LoadBalancer" in urn for urn in done.one(":Instance").options.dependencies)
    assert deploy(program, answer=subnets, preview=True).one(":TargetGroupAttachment")


def test_it_may_be_another_stacks(deploy, public_key):
    records = [{"name": DOMAIN, "type": "CNAME", "value": ENTRY["dns_name"], "ttl": 300}]

    def program():
        # As a stack reference gives it.
        entry = pulumi.Output.from_input({**ENTRY, "dns_records": records})
        Workbench("wb", {"public_key": public_key, "domain": DOMAIN, "entrance": entry})

    done = deploy(program, answer=subnets)
    assert done.one(":TargetGroupAttachment").inputs["targetGroupArn"] == GROUP
    assert done.outputs[done.one(":Workbench").urn]["dnsRecords"] == records
    text = done.named("wb-recipe-settings").inputs["content"]
    assert json.loads(text)["entrance"] == {"cidr_blocks": ENTRY["cidr_blocks"]}
    assert deploy(program, answer=subnets, preview=True).one(":TargetGroupAttachment")


@pytest.mark.parametrize("known", ["values", "outputs", "nothing"])
def test_two_workbenches_behind_one_are_refused(deploy, public_key, known):
    def program():
        entry = {
            "values": lambda: ENTRY,
            "outputs": lambda: (
                Entrance(
                    "lab",
                    {"subnet_ids": ["subnet-a", "subnet-b"], "domain": DOMAIN, "zone_id": "Z"},
                ).entry
            ),
            "nothing": lambda: pulumi.Output.from_input(ENTRY),
        }[known]()
        for name in ("one", "two"):
            given = {**entry} if isinstance(entry, dict) else entry
            Workbench(name, {"public_key": public_key, "domain": DOMAIN, "entrance": given})

    group = {"SecurityGroup": {"id": "sg-0123456789abcdef0"}}
    with pytest.raises(ArgumentError, match="entrance is that of another workbench"):
        deploy(program, answer=subnets, outputs=group)


def test_the_documents_program_makes_both(deploy, public_key):
    section = DOCUMENT.read_text().split("## Behind a load balancer\n")[1]
    (text,) = re.findall(r"```python\n(.*?)```", section.split("\n## ")[0], re.S)

    def answer(token, arguments):
        if token.endswith(":getVpc"):
            return {"cidrBlock": "10.20.0.0/16"}
        if not token.endswith(":getSubnet"):
            return None
        zone = "us-east-1b" if "second" in arguments["id"] else "us-east-1a"
        return {"vpcId": "vpc-1", "availabilityZone": zone, "cidrBlock": "10.20.1.0/24"}

    done = deploy(
        lambda: exec(text, {}),
        answer=answer,
        outputs={"SecurityGroup": {"id": "sg-0123456789abcdef0"}},
        configuration={"publicKey": public_key, "createZone": "true"},
    )

    assert len(done.one(":LoadBalancer").inputs["subnets"]) == 2
    # AWS makes none in a network without a way to the internet, and a server needs one, too.
    awaited = done.one(":LoadBalancer").options.dependencies
    assert any(urn.endswith("::shared-route") for urn in awaited)
    awaited = done.one(":Instance").options.dependencies
    assert any(urn.endswith("::shared-private-route") for urn in awaited)
    assert done.one(":Instance").inputs["associatePublicIpAddress"] is False
    assert done.exports["url"] == "https://lab.example.org/"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"domain": None}, "entrance is given without domain"),
        ({"http_from": ["0.0.0.0/0"]}, "http_from can't be chosen"),
        ({"zone_id": "Z9"}, "zone_id can't be chosen"),
        (
            {"extra_ports": [{"port": 443, "cidr_blocks": ["0.0.0.0/0"]}]},
            "extra_ports[0] opens port 443 past the load balancer",
        ),
        (
            {
                "extra_ports": [
                    {"port": 8000, "cidr_blocks": []},
                    {"port": 80.0, "protocol": "udp", "cidr_blocks": ["10.0.0.0/8"]},
                ]
            },
            "extra_ports[1] opens port 80 past the load balancer",
        ),
        ({"entrance": {**ENTRY, "dns": "x"}}, "entrance has no argument 'dns'"),
        ({"entrance": {**ENTRY, "security_group_id": "sg"}}, "isn't the id of a security group"),
        ({"entrance": {**ENTRY, "cidr_blocks": ["10.9.1.7/24"]}}, "entrance.cidr_blocks[0]"),
    ],
)
def test_what_can_not_be_behind_it_is_told(behind, wrong, said):
    with pytest.raises(ArgumentError) as told:
        behind(**wrong)
    assert said in told.value.message
