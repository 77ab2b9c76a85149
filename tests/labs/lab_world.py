"""A rehearsal for the labs, and a reader at a shell, with a home of their own."""

import os
import pwd
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from walkthrough import Shell

from workbench.places import cache_dir

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# Where OpenSSH looks, whatever $HOME says.
SSH = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
# In a namespace of its own, the reader's ~/.ssh is there for OpenSSH, too.
APART = 'umask 022; mount --bind "$HOME/.ssh" "$SSH_FOLDER" && exec bash --noprofile --norc'


@dataclass
class World:
    """One rehearsal of the tests' own."""

    name: str
    state_dir: Path

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "AWS_"))}
        return kept | {
            "WORKBENCH_STATE_DIR": str(self.state_dir),
            "WORKBENCH_CACHE_DIR": str(cache_dir()),
            "WORKBENCH_STACK": f"rehearsal-{self.name}",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "COLUMNS": "80",
        }

    def run(self, *words: str) -> None:
        subprocess.run([BIN / "workbench", *words], cwd=ROOT, env=self.env, check=True)

    def reader(self) -> Shell:
        """Return a shell of a reader whose home is empty."""
        home = Path(tempfile.mkdtemp(prefix="reader-", dir=self.state_dir))
        (home / ".ssh").mkdir(mode=0o700)
        env = self.env | {"HOME": str(home), "SSH_FOLDER": str(SSH)}
        argv = ["unshare", "--mount", "--propagation", "private", "bash", "-c", APART]
        return Shell(argv, env, home)
