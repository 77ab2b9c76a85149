"""The packages: none half-installed, and security updates installed."""

import shlex

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.shared_packages import read_installation
from workbench.checks.target import Server
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

# As dpkg abbreviates them: what is wanted, what is; "ii" and removed ones are fine, "hi" is held.
LIST = "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'"
WELL = ("ii", "hi", "rc", "un", "pn", "ic")
STATES = {
    "F": "half-configured",
    "H": "half-installed",
    "U": "unpacked, not configured",
    "W": "waiting for triggers",
    "T": "waiting for its triggers",
}
CONFIGURE = (
    "workbench ssh.connect 'sudo dpkg --configure -a && sudo apt-get -y --fix-broken install'"
    " --stack {stack}"
)
AGAIN = "workbench doctor --stack {stack}"
UPGRADE = "workbench ssh.connect 'sudo unattended-upgrade -v' --stack {stack}"
# Both distributions name the archive of their security updates so.
UPDATES = "apt-get -s -o Debug::NoLocking=1 upgrade | grep ^Inst | grep -ci security"
MOST_NAMED = 4
# apt and dpkg hold this lock for as long as they install. It is asked about and not taken: an
# installation that began just then would fail.
LOCK_SCRIPT = """
import fcntl, os, struct
wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
with open("/var/lib/dpkg/lock-frontend") as file:
    found = fcntl.fcntl(file, fcntl.F_GETLK, wanted)
print("free" if struct.unpack("hhqqi4x", found)[0] == fcntl.F_UNLCK else "held")
"""
LOCK = f"sudo -n /usr/bin/python3 -I -c {shlex.quote(LOCK_SCRIPT)}"


def check_packages(target: Target) -> Outcome:
    """Check that no package is half-installed, as an interrupted installation leaves it."""
    server = target.server()
    packages = _read_states(server)
    if _broken(packages):
        # Updates are installed by themselves, after a boot above all.
        if server.run(LOCK).stdout.strip() == "held":
            if read_installation(server).state == "installing":
                return skipped("packages for everyone are being installed right now", AGAIN)
            return warned("packages are being installed right now", AGAIN)
        # What was on its way is installed by now.
        packages = _read_states(server)
    broken = _broken(packages)
    if not broken:
        return passed(f"{sum(state in ('ii', 'hi') for _, state in packages)} packages installed")
    told = [f"{name} is {_state(state)}" for name, state in sorted(broken.items())]
    more = f" (and {len(told) - MOST_NAMED} more)" if len(told) > MOST_NAMED else ""
    return failed(", ".join(told[:MOST_NAMED]) + more, CONFIGURE)


def _read_states(server: Server) -> list[tuple[str, str]]:
    """Return each package with its state; a name may come twice, for two architectures."""
    answer = server.run(LIST)
    rows = [line.split() for line in answer.stdout.splitlines()]
    if not answer.ok or not rows:
        raise WorkbenchError(f"dpkg doesn't answer: {answer.stderr.strip()}")
    return [(name, state) for state, name in rows]


def _broken(packages: list[tuple[str, str]]) -> dict[str, str]:
    # A third letter, R, says that it has to be installed again.
    return {name: state for name, state in packages if state not in WELL}


def _state(abbreviation: str) -> str:
    return STATES.get(abbreviation[1:2], f"in the state {abbreviation}")


def check_updates(target: Target) -> Outcome:
    """Check that security updates are installed, and need no restart to take effect."""
    server = target.server()
    # The distributions' own mark; what is in it are the packages that want it.
    if server.run("test -e /run/reboot-required").ok:
        return warned(
            "an update that was installed needs a restart", "workbench restart --stack {stack}"
        )
    pending = server.run(UPDATES, limit=60).stdout.strip()
    if pending and pending != "0":
        return warned(f"{pending} security updates are pending", UPGRADE)
    return passed("no security updates are pending, and none needs a restart")
