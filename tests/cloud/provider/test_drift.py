"""A refresh sees what was changed behind the plugin's back, and an update repairs it."""

from typing import Any

import grpc
import pytest
from plugin_world import FAMILY
from plugin_world import INSTANCE
from plugin_world import World

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def allow_ssh(world: World) -> Any:
    return world.create(
        INGRESS,
        securityGroupId=world.group.id,
        ipProtocol="tcp",
        fromPort=22,
        toPort=22,
        cidrIpv4="10.0.0.1/32",
    )


def test_a_removed_rule_is_gone(world: World, aws: Any) -> None:
    rule = allow_ssh(world)
    aws("ec2").revoke_security_group_ingress(GroupId=world.group.id, SecurityGroupRuleIds=[rule.id])
    assert world.engine.read(rule) is None


def test_a_changed_rule_differs_and_is_changed_back(world: World, aws: Any) -> None:
    rule = allow_ssh(world)
    aws("ec2").modify_security_group_rules(
        GroupId=world.group.id,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": rule.id,
                "SecurityGroupRule": {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "CidrIpv4": "0.0.0.0/0",
                },
            }
        ],
    )
    found, diff = world.refreshed_diff(rule)
    assert list(diff.diffs) == ["cidrIpv4"]
    assert found.outputs["cidrIpv4"] == "0.0.0.0/0"
    world.engine.update(found, rule.inputs)
    assert world.engine.read(rule).outputs["cidrIpv4"] == "10.0.0.1/32"


def test_a_rule_added_to_a_list_is_taken_out_again(world: World, aws: Any) -> None:
    group = world.create(
        "aws:ec2/securityGroup:SecurityGroup",
        vpcId=world.vpc.id,
        ingress=[{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.1/32"]}],
    )
    ec2 = aws("ec2")
    ec2.authorize_security_group_ingress(
        GroupId=group.id, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0"
    )
    found, diff = world.refreshed_diff(group)
    assert list(diff.diffs) == ["ingress"]
    world.engine.update(found, group.inputs)
    rules = ec2.describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0]
    assert [rule["FromPort"] for rule in rules["IpPermissions"]] == [22]


def test_a_new_group_lets_nothing_out_but_what_the_program_says(world: World, aws: Any) -> None:
    group = aws("ec2").describe_security_groups(GroupIds=[world.group.id])["SecurityGroups"][0]
    assert group["IpPermissionsEgress"] == []


def test_a_terminated_instance_is_gone(world: World, aws: Any) -> None:
    instance = world.instance()
    aws("ec2").terminate_instances(InstanceIds=[instance.id])
    assert world.engine.read(instance) is None


def test_an_instance_that_stopped_is_no_change(world: World, aws: Any) -> None:
    instance = world.instance()
    ec2 = aws("ec2")
    ec2.stop_instances(InstanceIds=[instance.id])
    ec2.get_waiter("instance_stopped").wait(
        InstanceIds=[instance.id], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    found, diff = world.refreshed_diff(instance)
    assert found.outputs["instanceState"] == "stopped"
    assert not diff.diffs


def test_a_changed_instance_type_differs_and_is_changed_back(world: World, aws: Any) -> None:
    instance = world.instance()
    ec2 = aws("ec2")
    ec2.stop_instances(InstanceIds=[instance.id])
    ec2.get_waiter("instance_stopped").wait(
        InstanceIds=[instance.id], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    ec2.modify_instance_attribute(InstanceId=instance.id, InstanceType={"Value": f"{FAMILY}.large"})
    found, diff = world.refreshed_diff(instance)
    assert list(diff.diffs) == ["instanceType"]
    assert not diff.replaces
    repaired = world.engine.update(found, instance.inputs)
    assert repaired.outputs["instanceType"] == f"{FAMILY}.medium"
    assert repaired.outputs["instanceState"] == "running"


@pytest.mark.parametrize("added", [{"extra": "tag"}, {"Name": "another"}])
def test_changed_tags_differ_and_are_set_right(
    world: World, aws: Any, added: dict[str, str]
) -> None:
    instance = world.instance()
    aws("ec2").create_tags(
        Resources=[instance.id], Tags=[{"Key": key, "Value": added[key]} for key in added]
    )
    found, diff = world.refreshed_diff(instance)
    assert set(diff.diffs) == {"tags", "tagsAll"}
    world.engine.update(found, instance.inputs)
    assert world.engine.read(instance).outputs["tags"] == {"Name": "server"}


def test_a_program_that_takes_a_tag_away_removes_it(world: World) -> None:
    instance = world.instance()
    news = world.engine.checked(
        INSTANCE,
        "it",
        {key: instance.inputs[key] for key in instance.inputs if key not in ("tags", "tagsAll")},
        instance.inputs,
    )
    changed = world.engine.update(instance, news)
    assert changed.outputs["tagsAll"] == {"project": "workbench"}


def test_a_new_ami_replaces_and_new_user_data_does_not(world: World) -> None:
    instance = world.instance(userData="#!/bin/sh\ntrue\n")
    ami = world.engine.diff(instance, {**instance.inputs, "ami": "ami-1"})
    assert list(ami.replaces) == ["ami"]
    assert not ami.deleteBeforeReplace
    data = {**instance.inputs, "userData": "#!/bin/sh\nfalse\n"}
    assert not world.engine.diff(instance, data).replaces
    data["userDataReplaceOnChange"] = True
    assert list(world.engine.diff(instance, data).replaces) == ["userData"]


def test_the_root_volume_grows_in_place_and_is_encrypted_by_replacement(world: World) -> None:
    instance = world.instance(rootBlockDevice={"volumeSize": 10})
    grown = {**instance.inputs, "rootBlockDevice": {"volumeSize": 20}}
    diff = world.engine.diff(instance, grown)
    assert list(diff.detailedDiff) == ["rootBlockDevice.volumeSize"]
    assert not diff.replaces
    found = world.engine.update(instance, grown)
    assert found.outputs["rootBlockDevice"]["volumeSize"] == 20
    encrypted = {**grown, "rootBlockDevice": {"volumeSize": 20, "encrypted": True}}
    assert list(world.engine.diff(found, encrypted).replaces) == ["rootBlockDevice.encrypted"]


def test_a_volume_in_use_is_not_shrunk(world: World) -> None:
    volume = world.create("aws:ebs/volume:Volume", availabilityZone="us-east-1a", size=10)
    with pytest.raises(grpc.RpcError) as refusal:
        world.engine.update(volume, {**volume.inputs, "size": 5})
    assert "InvalidParameterValue" in refusal.value.details()


def test_an_attachment_can_stop_its_instance_first_or_stay(world: World, aws: Any) -> None:
    volume = world.create("aws:ebs/volume:Volume", availabilityZone="us-east-1a", size=1)
    instance = world.instance()
    given = {"deviceName": "/dev/sdf", "volumeId": volume.id, "instanceId": instance.id}
    kind = "aws:ec2/volumeAttachment:VolumeAttachment"
    kept = world.engine.create(kind, "kept", {**given, "skipDestroy": True})
    world.engine.delete(kept)
    assert world.engine.read(kept) is not None
    stopping = world.engine.update(
        kept, world.engine.checked(kind, "kept", {**given, "stopInstanceBeforeDetaching": True})
    )
    world.engine.delete(stopping)
    assert world.engine.read(stopping) is None
    assert world.engine.read(instance).outputs["instanceState"] == "stopped"


def test_an_object_put_anew_gets_a_new_version_and_all_go(world: World, aws: Any) -> None:
    bucket = world.create("aws:s3/bucket:Bucket", forceDestroy=True)
    world.create(
        "aws:s3/bucketVersioning:BucketVersioning",
        bucket=bucket.id,
        versioningConfiguration={"status": "Enabled"},
    )
    item = world.engine.create(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "it",
        {"bucket": bucket.id, "key": "a", "contentBase64": "AAEC/w=="},
    )
    s3 = aws("s3")
    assert s3.get_object(Bucket=bucket.id, Key="a")["Body"].read() == b"\x00\x01\x02\xff"
    again = world.engine.update(
        item, world.engine.checked(item.type, "it", {**item.inputs, "contentBase64": "AAA="})
    )
    assert again.outputs["versionId"] != item.outputs["versionId"]
    assert again.outputs["etag"] != item.outputs["etag"]
    world.engine.delete(again)
    assert "Versions" not in s3.list_object_versions(Bucket=bucket.id)
    # What is put behind the plugin's back goes with the bucket, as forceDestroy says.
    s3.put_object(Bucket=bucket.id, Key="b", Body=b"x")


def test_records_come_and_go_with_their_zone(world: World, aws: Any) -> None:
    zone = world.create("aws:route53/zone:Zone", name="drift.example.org", forceDestroy=True)
    record = world.create(
        "aws:route53/record:Record",
        zoneId=zone.id,
        name="drift.example.org",
        type="TXT",
        ttl=60,
        records=["some text"],
    )
    assert record.outputs["fqdn"] == "drift.example.org"
    route53 = aws("route53")
    change = {"Name": "drift.example.org", "Type": "TXT", "TTL": 60}
    other = {**change, "ResourceRecords": [{"Value": '"another text"'}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone.id,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": other}]},
    )
    found, diff = world.refreshed_diff(record)
    assert list(diff.diffs) == ["records"]
    world.engine.update(found, record.inputs)
    assert world.engine.read(record).outputs["records"] == ["some text"]
    taken = {"zoneId": zone.id, "name": "drift.example.org", "type": "TXT", "ttl": 1}
    with pytest.raises(grpc.RpcError) as refusal:
        world.engine.create("aws:route53/record:Record", "again", {**taken, "records": ["x"]})
    assert "already exists" in refusal.value.details()
