"""For each check, a test breaks what it looks at, and the check says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# What these find stops nobody: a warning is the worst they say.
WARN = {
    "certificate.check_expiry",
    "packages.check_updates",
    "quotas.check_quotas",
    "server.check_listeners",
    "shared_packages.check_shared_packages",
    "snapshots.check_snapshots",
    "system.check_clock",
    "system.check_memory",
    "volumes.check_reserve",
}


def test_each_check_was_seen_to_fail(tmp_path: Path) -> None:
    ended = tmp_path / "ended.json"
    tests = [str(each) for each in HERE.rglob("test_*.py") if each != Path(__file__)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "recorded", *tests],
        env={**os.environ, "PYTHONPATH": str(HERE), "RECORDED": str(ended)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    found = json.loads(ended.read_text(encoding="utf-8"))

    assert {name for name, results in found.items() if "FAIL" not in results} == WARN
    assert [name for name in WARN if "WARN" not in found[name]] == []
