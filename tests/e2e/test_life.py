"""A workbench lives: reboots, second runs, a replaced server, destroy."""

import json
import socket
import ssl
import subprocess
from typing import Any

import pytest
from bench import Bench
from bench import eventually
from bench import reachable


def identity(bench: Bench) -> dict[str, Any]:
    """Collect what must survive a replaced server."""
    return {
        "password hash": bench.server("sudo getent shadow test-user | cut -d: -f2"),
        "account": bench.server("getent passwd test-user"),
        "home": bench.server("sudo cat /home/test-user/sentinel"),
        "host key": bench.server("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2],
        "certificate": bench.certificate_serial(),
        "data volume": bench.outputs()["data_volume_id"],
    }


def check_all(bench: Bench) -> list[dict[str, str]]:
    """Run every check; fail with the evidence of those that failed."""
    results: list[dict[str, str]] = json.loads(bench.run("check", "--json", exit_code=None).stdout)
    failed = [r for r in results if r["result"] == "FAIL"]
    assert not failed, json.dumps(failed, indent=1)
    return results


def test_every_check_passes(bench: Bench) -> None:
    results = check_all(bench)
    assert len(results) >= 15
    # The kernel and the root disk of a rehearsal have neither, and nothing is in front of it.
    skipped = {r["name"] for r in results if r["result"] == "SKIP"}
    assert skipped == {"load-balancer", "quotas", "root-reserve"}
    assert all(r["evidence"] for r in results)


def test_status_tells_all_that_scripts_need(bench: Bench) -> None:
    state = bench.status()
    assert state["state"] == "running"
    assert state["jupyter_url"] == state["url"].rstrip("/") + "/jupyter/"
    assert state["rstudio_url"] == state["url"].rstrip("/") + "/rstudio/"
    assert set(state["address"]["ports"]) == {"22", "80", "443"}
    assert state["instance_id"].startswith("i-")
    services = {s["name"]: s for s in state["services"]}
    assert {"jupyterhub", "rstudio", "caddy"} <= set(services)
    assert {s["state"] for s in services.values()} == {"active"}
    assert services["rstudio"]["version"].endswith("+standin")


def test_a_second_up_changes_nothing(bench: Bench) -> None:
    bench.run("up")
    again = bench.run("up")
    assert "no changes" in (again.stdout + again.stderr).lower()


def test_a_second_converge_changes_nothing(bench: Bench) -> None:
    bench.server("sudo systemctl start workbench-converge")
    bench.server("sudo systemctl start workbench-converge")
    end = json.loads(bench.server("tail -n 1 /var/log/workbench/progress.jsonl"))
    assert (end["event"], end["result"], end["changed"]) == ("end", "ok", 0)


def test_preview_and_refresh_find_no_changes(bench: Bench) -> None:
    bench.shell("pulumi preview --expect-no-changes --non-interactive")
    bench.shell("pulumi refresh --yes --expect-no-changes --non-interactive")


def test_everything_is_back_after_a_reboot(bench: Bench) -> None:
    boot = bench.server("cat /proc/sys/kernel/random/boot_id; sudo -n stat -c %Y /proc/1")
    bench.aws("ec2").reboot_instances(InstanceIds=[bench.status()["instance_id"]])

    def rebooted() -> bool:
        try:
            return bench.server("sudo -n stat -c %Y /proc/1").strip() not in boot
        except AssertionError:
            return False

    assert eventually(rebooted, 120)
    assert eventually(lambda: bench.status()["state"] == "running", 120)
    assert eventually(lambda: bench.run("check", exit_code=None, limit=300).returncode == 0, 300), (
        bench.run("check", exit_code=None).stdout
    )


def test_a_terminated_instance_is_found_and_repaired(bench: Bench) -> None:
    bench.server("echo kept | sudo tee /home/test-user/sentinel")
    before = identity(bench)
    old = bench.status()["instance_id"]
    bench.aws("ec2").terminate_instances(InstanceIds=[old])
    bench.aws("ec2").get_waiter("instance_terminated").wait(InstanceIds=[old])
    bench.shell("pulumi refresh --yes --non-interactive")
    bench.run("up")
    assert bench.status()["instance_id"] != old
    assert identity(bench) == before
    check_all(bench)


def test_a_server_is_replaced_on_its_data_volume(bench: Bench) -> None:
    bench.server("echo kept | sudo tee /home/test-user/sentinel")
    before, old = identity(bench), bench.status()["instance_id"]
    urn = bench.shell("pulumi stack --show-urns | grep -o 'urn:.*ec2/instance:Instance::.*'").stdout
    bench.shell(f"pulumi up --yes --non-interactive --replace '{urn.strip()}'")
    bench.run("up")
    assert bench.status()["instance_id"] != old
    assert identity(bench) == before
    hub = bench.hub()
    assert hub.sign_in(bench.password()).status_code == 302


def test_a_removed_security_group_rule_is_found_and_repaired(bench: Bench) -> None:
    ec2, group = bench.aws("ec2"), bench.outputs()["security_group_id"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    https = [r for r in rules["SecurityGroupRules"] if r.get("FromPort") == 443]
    ids = [r["SecurityGroupRuleId"] for r in https]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids)
    site = bench.site()
    assert eventually(lambda: not reachable(site.ip, site.ports["443"]))
    found = bench.shell("pulumi preview --refresh --non-interactive --json").stdout
    assert "create" in {step["op"] for step in json.loads(found)["steps"]}
    bench.shell("pulumi up --refresh --yes --non-interactive")
    assert eventually(lambda: reachable(site.ip, site.ports["443"]))
    bench.shell("pulumi preview --refresh --expect-no-changes --non-interactive")


def test_destroy_leaves_nothing_but_the_data_volume(bench: Bench) -> None:
    bench.server("echo kept | sudo tee /home/test-user/sentinel")
    volume, instance = bench.outputs()["data_volume_id"], bench.status()["instance_id"]
    ec2 = bench.aws("ec2")
    roots = ec2.describe_volumes(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance]}]
    )["Volumes"]
    gone = {v["VolumeId"] for v in roots} - {volume}
    # Other tests destroy as well, and their data volumes are kept too.
    before = {v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]}
    said = bench.run("destroy", "--yes")
    assert volume in said.stdout + said.stderr
    left = {v["VolumeId"] for v in ec2.describe_volumes()["Volumes"]}
    assert len(gone) == 1
    assert left == before - gone
    states = {
        i["State"]["Name"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]
    }
    assert states <= {"terminated"}
    assert ec2.describe_addresses()["Addresses"] == []
    assert bench.aws("s3").list_buckets()["Buckets"] == []
    assert bench.aws("route53").list_hosted_zones()["HostedZones"] == []
    containers = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"name={instance}"], capture_output=True, text=True
    )
    assert containers.stdout == ""


def test_a_kept_volume_makes_a_new_workbench_the_same(bench: Bench) -> None:
    bench.server("echo kept | sudo tee /home/test-user/sentinel")
    before = identity(bench)
    said = bench.run("destroy", "--yes")
    assert f"workbench:dataVolumeId {before['data volume']}" in said.stdout + said.stderr
    bench.shell(f"pulumi config set workbench:dataVolumeId {before['data volume']}")
    try:
        bench.run("up")
        assert identity(bench) == before
        bench.shell("pulumi preview --expect-no-changes --non-interactive")
        # Other tests of this rehearsal's may have grown it.
        (kept,) = bench.aws("ec2").describe_volumes(VolumeIds=[before["data volume"]])["Volumes"]
        bench.run("data.grow", str(kept["Size"] + 1), "--yes")
        bench.shell("pulumi preview --expect-no-changes --non-interactive")
        check_all(bench)
    finally:
        bench.run("destroy", "--yes")
        bench.shell("pulumi config rm workbench:dataVolumeId")
        bench.shell("pulumi config rm workbench:dataVolumeSize")


def test_the_certificate_is_verified_against_the_rehearsals_ca(bench: Bench) -> None:
    site = bench.site()
    untrusting = ssl.create_default_context()
    with (
        socket.create_connection((site.ip, site.ports["443"])) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        untrusting.wrap_socket(raw, server_hostname=site.name)
