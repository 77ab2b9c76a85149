"""What people see of each other: the kernel's part in it, which a restart may have undone."""

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.target import Target

# As in the recipe: nobody's links, files and pipes in shared folders trick another's program.
KERNEL = {
    "fs.protected_symlinks": "1",
    "fs.protected_hardlinks": "1",
    "fs.protected_fifos": "1",
    "fs.protected_regular": "2",
}
# Only root reads these settings.
ASK = f"cat /proc/mounts; sudo -n sysctl --ignore {' '.join(KERNEL)}"
HIDDEN = {"hidepid=2", "hidepid=invisible"}


def check_privacy(target: Target) -> Outcome:
    """Check that people don't see each other's processes, and that shared folders are safe."""
    lines = target.server().run(ASK).stdout.splitlines()
    mounts = {row[1]: set(row[3].split(",")) for line in lines if len(row := line.split()) == 6}
    if not HIDDEN & mounts.get("/proc", set()):
        return failed(
            "everyone can see others' processes, with their arguments (/proc has no hidepid)"
        )
    values = dict(line.split(" = ", 1) for line in lines if " = " in line)
    weak = [
        f"{name}={values.get(name)}" for name, best in KERNEL.items() if values.get(name) != best
    ]
    said = "people only see their own processes"
    if not values:
        return warned(f"{said}; what the kernel protects can't be read (sudo sysctl)")
    if not weak:
        return passed(f"{said}; the kernel protects shared folders")
    if "ro" in mounts.get("/proc/sys", set()):
        # The kernel's settings are the computer's that the container runs on.
        return passed(
            f"{said}; not set here, because the kernel belongs to another computer:"
            f" {', '.join(weak)}"
        )
    return warned(f"{said}, but the kernel protects shared folders less: {', '.join(weak)}")
