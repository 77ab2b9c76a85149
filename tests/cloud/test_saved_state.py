"""A cloud that was saved is the same one when it is read again."""

import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.base_backend import BackendDict

from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.saved_state import SavedState
from workbench.rehearsal.api.saved_state import SavedStateError
from workbench.rehearsal.api.server import Api

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"},
        }
    ],
}


class Clients:
    """boto3's clients of one API, closed together."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = boto3.Session(
            region_name=REGION, aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal"
        )
        self._clients: dict[str, Any] = {}

    def __getitem__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self._url)
        return self._clients[service]

    def close(self) -> None:
        for each in self._clients.values():
            each.close()


@pytest.fixture
def api() -> Iterator[Api]:
    BackendDict.reset()
    api = Api(REGION)
    yield api
    api.stop()
    BackendDict.reset()


@pytest.fixture
def aws(api: Api) -> Iterator[Clients]:
    clients = Clients(api.start())
    yield clients
    clients.close()


def test_all_services_go_on_after_a_restore(api: Api, aws: Clients, tmp_path: Path) -> None:
    ami = publish_images(api.ec2, ["debian-12"])["debian-12"]
    aws["iam"].create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUST))
    aws["iam"].create_instance_profile(InstanceProfileName="profile")
    aws["iam"].add_role_to_instance_profile(InstanceProfileName="profile", RoleName="role")
    aws["s3"].create_bucket(Bucket="recipes")
    aws["s3"].put_object(Bucket="recipes", Key="recipe", Body=b"content")
    zone = aws["route53"].create_hosted_zone(Name="example.org", CallerReference="1")
    aws["ssm"].put_parameter(Name="/a/b", Value="c", Type="String")
    aws["backup"].create_backup_vault(BackupVaultName="vault")
    volume = aws["ec2"].create_volume(
        Size=3, AvailabilityZone="us-east-1a", Encrypted=True, VolumeType="gp3"
    )
    instance = aws["ec2"].run_instances(
        ImageId=ami,
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Name": "profile"},
        UserData="hello",
    )["Instances"][0]["InstanceId"]

    subnets = [each["SubnetId"] for each in aws["ec2"].describe_subnets()["Subnets"][:2]]
    balancer = aws["elbv2"].create_load_balancer(Name="lab", Subnets=subnets)["LoadBalancers"][0]
    certificate = aws["acm"].request_certificate(DomainName="example.org")["CertificateArn"]

    saved = SavedState(tmp_path / "state")
    assert not saved.exists
    saved.save()
    assert saved.path.stat().st_mode & 0o077 == 0
    BackendDict.reset()
    saved.restore()

    found = aws["ec2"].describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert found["IamInstanceProfile"]["Arn"].endswith("/profile")
    assert aws["s3"].get_object(Bucket="recipes", Key="recipe")["Body"].read() == b"content"
    assert aws["route53"].get_hosted_zone(Id=zone["HostedZone"]["Id"])
    assert aws["ssm"].get_parameter(Name="/a/b")["Parameter"]["Value"] == "c"
    assert aws["iam"].get_role(RoleName="role")
    assert aws["backup"].describe_backup_vault(BackupVaultName="vault")
    again = aws["ec2"].describe_volumes(VolumeIds=[volume["VolumeId"]])["Volumes"][0]
    assert (again["Size"], again["KmsKeyId"]) == (3, volume["KmsKeyId"])
    assert aws["kms"].describe_key(KeyId=volume["KmsKeyId"])
    assert aws["acm"].describe_certificate(CertificateArn=certificate)
    arn = balancer["LoadBalancerArn"]
    assert aws["elbv2"].describe_load_balancers(LoadBalancerArns=[arn])
    assert len(api.balancing.interfaces(api.balancing.load_balancers[arn])) == 2
    # What is made now belongs to the same cloud as what was there.
    aws["ec2"].terminate_instances(InstanceIds=[instance])
    assert api.ec2.get_instance_by_id(instance).state == "shutting-down"
    assert api.ec2.all_instances()[0].ec2_backend is api.ec2


def test_a_state_goes_on_that_was_saved_before_its_code_was_moved(
    api: Api, aws: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The newest in which a module's name stands as it is, with nothing about its length.
    monkeypatch.setattr(pickle, "HIGHEST_PROTOCOL", 3)
    volume = aws["ec2"].create_volume(Size=3, AvailabilityZone="us-east-1a", Encrypted=True)
    aws["backup"].create_backup_vault(BackupVaultName="vault")
    aws["backup"].start_backup_job(
        BackupVaultName="vault",
        ResourceArn=f"arn:aws:ec2:{REGION}:123456789012:volume/{volume['VolumeId']}",
        IamRoleArn="arn:aws:iam::123456789012:role/backup",
    )
    saved = SavedState(tmp_path / "state")
    saved.save()
    older, count = re.subn(
        rb"(?<=cworkbench\.rehearsal\.)api\.(?=\w+\n)", b"", saved.path.read_bytes()
    )
    saved.path.write_bytes(older)
    BackendDict.reset()

    saved.restore()

    assert count >= 4
    found = aws["backup"].list_recovery_points_by_backup_vault(BackupVaultName="vault")
    assert len(found["RecoveryPoints"]) == 1
    (again,) = aws["ec2"].describe_volumes(VolumeIds=[volume["VolumeId"]])["Volumes"]
    assert again["Size"] == 3


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05K\x01."])
def test_a_damaged_state_is_refused_in_one_sentence(
    api: Api, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(SavedStateError, match="is damaged") as error:
        SavedState(tmp_path / "state").restore()
    assert error.value.hint.endswith("workbench rehearsal.reset")
