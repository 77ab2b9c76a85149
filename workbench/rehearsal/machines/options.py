"""What makes a Docker container a machine: its options, and those of its size."""

import zlib
from pathlib import Path
from typing import Any

from docker.types import LogConfig

# What systemd, mounting volumes and reboot(2) need.
_CAPABILITIES = ("SYS_ADMIN", "NET_ADMIN", "SYS_BOOT")
# What a machine of its own has too, where this computer can give it: numbers from capability.h.
_WELCOME = {"AUDIT_CONTROL": 30, "SYS_NICE": 23, "SYS_PTRACE": 19, "SYS_RESOURCE": 24}
_CPU_PERIOD = 100_000


def machine_options() -> dict[str, Any]:
    """Return what makes a container a machine: systemd, cgroups of its own, a console."""
    return {
        "tty": True,  # /dev/console is this terminal, and what it gets is the container's log
        "log_config": LogConfig(type="json-file", config={"max-size": "5m", "max-file": "2"}),
        "cgroupns": "private",
        # Docker opens the low ports to everyone; on a server they are root's, as elsewhere.
        "sysctls": {"net.ipv4.ip_unprivileged_port_start": "1024"},
        "cap_add": [*_CAPABILITIES, *_obtainable()],
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
        "tmpfs": {"/run": "", "/run/lock": ""},
        # Loop devices: volumes, attached while it runs, and those it makes of its own files.
        "device_cgroup_rules": ["b 7:* rmw", "c 10:237 rmw"],
        "stop_signal": "SIGRTMIN+4",  # systemd: power off in order
        # reboot(2) ends PID 1 with 129; see the image's exit.conf for powering off.
        "restart_policy": {"Name": "on-failure"},
    }


def size_options(instance_id: str, memory_mib: int, vcpus: int, there: int) -> dict[str, Any]:
    """Return Docker's settings for a size; this computer has ``there`` CPUs. No swap, as on EC2."""
    first = zlib.crc32(instance_id.encode()) % there
    # With fewer than this computer has, nproc and friends count them right.
    cpus = sorted((first + number) % there for number in range(min(vcpus, there)))
    return {
        "mem_limit": f"{memory_mib}m",
        "memswap_limit": f"{memory_mib}m",
        "cpu_period": _CPU_PERIOD,
        "cpu_quota": min(vcpus, there) * _CPU_PERIOD,
        "cpuset_cpus": ",".join(map(str, cpus)),
    }


def _obtainable() -> list[str]:
    """Return the capabilities that are welcome and within this computer's bounds."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    bounds = int(status.partition("CapBnd:")[2].split()[0], 16)
    return [name for name, number in _WELCOME.items() if bounds >> number & 1]
