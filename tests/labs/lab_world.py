"""A rehearsal for the labs, and a reader at a shell, with a home of their own."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from walkthrough import Shell

from workbench.places import cache_dir
from workbench.rehearsal.machines.image import VARIABLE

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# In a namespace of its own, the reader's home is root's: OpenSSH takes it from there, whatever
# $HOME says.
APART = r"""
umask 022
sed -E "s|^(root:[^:]*:0:0:[^:]*:)[^:]*|\1$HOME|" /etc/passwd > "$HOME.passwd"
mount --bind "$HOME.passwd" /etc/passwd && exec bash --noprofile --norc
"""


@dataclass
class World:
    """One rehearsal of the tests' own."""

    name: str
    state_dir: Path
    # Of its machines; the plain one, where this is empty.
    image: str = ""

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "AWS_"))}
        return kept | {
            "WORKBENCH_STATE_DIR": str(self.state_dir),
            "WORKBENCH_CACHE_DIR": str(cache_dir()),
            "WORKBENCH_STACK": f"rehearsal-{self.name}",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "COLUMNS": "80",
            VARIABLE: self.image,
        }

    def run(self, *words: str) -> None:
        subprocess.run([BIN / "workbench", *words], cwd=ROOT, env=self.env, check=True)

    def reader(self) -> Shell:
        """Return a shell of a reader whose home is empty."""
        home = Path(tempfile.mkdtemp(prefix="reader-", dir=self.state_dir))
        env = self.env | {"HOME": str(home)}
        argv = ["unshare", "--mount", "--propagation", "private", "bash", "-c", APART]
        return Shell(argv, env, home)
