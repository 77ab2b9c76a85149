"""The system itself: memory that is left, processes that were killed for it, the clock."""

import time

from workbench.checks.check import Outcome
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.target import Target
from workbench.prices import next_size

LOW_PERCENT = 5
# What systemd and the kernel say when memory ran out; others may just speak of it.
KILLED = (
    "sudo -n journalctl -q _PID=1 + _TRANSPORT=kernel --since=-24h --no-pager -o cat"
    " -g 'killed by the OOM killer|Out of memory: Killed' | tail -n 1"
)
SKEW_SECONDS = 30
SYNCHRONIZE = "workbench ssh.connect 'sudo timedatectl set-ntp true' --stack {stack}"


def check_memory(target: Target) -> Outcome:
    """Check that memory is left, and that no process was killed for lack of it in the last day."""
    server = target.server()
    values = dict(
        line.split(":", 1)
        for line in server.run("cat /proc/meminfo").stdout.splitlines()
        if ":" in line
    )
    total, free = (int(values[key].split()[0]) // 1024 for key in ("MemTotal", "MemAvailable"))
    said = f"{free} of {total} MiB memory available"
    killed = [line.strip() for line in server.run(KILLED).stdout.splitlines() if line.strip()]
    if killed:
        return warned(
            f"{said}; killed for lack of memory: {killed[-1][:120]}", larger_server(target)
        )
    if free * 100 < total * LOW_PERCENT:
        return warned(said, larger_server(target))
    return passed(said)


def larger_server(target: Target) -> str:
    """Return the command that makes the server the next size."""
    bigger = next_size(str(target.outputs.get("instance_type") or ""))
    return f"workbench resize {bigger or 'TYPE'} --stack {{stack}}"


def check_clock(target: Target) -> Outcome:
    """Check that the server's clock agrees with this computer's."""
    before = time.time()
    answer = target.server().run("date +%s.%N")
    after = time.time()
    skew = float(answer.stdout) - (before + after) / 2
    # Less than the way there and back took isn't known.
    seconds = max(0.0, abs(skew) - (after - before) / 2)
    if seconds > SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        told = f"the server's clock is {seconds:.0f} s {way} this computer's"
        return warned(f"{told}; certificates and AWS need the right time", SYNCHRONIZE)
    return passed("the server's clock agrees with this computer's")
