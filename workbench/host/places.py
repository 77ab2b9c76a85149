"""Where things are on the server."""

from pathlib import Path

# This package, and the folder that Python has to have on its path to find it.
PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[1]

# On the server's own disk: can be made again.
WORKBENCH = Path("/opt/workbench")
RECIPES = WORKBENCH / "recipe"
VENV = WORKBENCH / "venv"
LANDING = WORKBENCH / "landing"
PROXY = WORKBENCH / "proxy"
CADDY = WORKBENCH / "caddy"
# A package of that name, for JupyterHub's own Python.
HUB_MODULES = WORKBENCH / "hub" / "workbench_hub"
JUPYTERHUB = Path("/opt/jupyterhub")
NOTEBOOKS = Path("/opt/notebooks")
# Packages for everyone, behind what each person has: a Python environment, and R's libraries.
EVERYONE_PYTHON = Path("/opt/everyone/python")
EVERYONE_R = Path("/opt/everyone/R")
# What people type, or is started for them.
PERSONAL_PYTHON = Path("/usr/local/bin/personal-python")
CACHE = Path("/var/cache/workbench")
STATE = Path("/var/lib/workbench")
LOGS = Path("/var/log/workbench")
CONFIGURATION = Path("/etc/workbench")
# A folder of their own for each person, made again at each boot.
TEMPORARY = Path("/tmp/people")  # noqa: S108 (root's, where nobody else may write)

# On the data volume: outlives the server.
DATA = Path("/data")
HOMES = DATA / "home"
# Everyone's.
TEAM = DATA / "shared"
IDENTITY = DATA / "workbench"
# A file system of its own, in a file: what people fill can't take its room.
IDENTITY_IMAGE = DATA / "workbench.img"
HOST_KEYS = IDENTITY / "ssh"
ACCOUNTS = IDENTITY / "accounts"
CADDY_STORAGE = IDENTITY / "caddy"
HUB_STATE = IDENTITY / "jupyterhub"
# A file for each person, as old as their last sign-in.
SIGN_INS = IDENTITY / "sign-ins"

# The members of this group may sign in to JupyterHub and RStudio Server. Its id is fixed, so
# that files keep their group on a replaced server: a system group's, far from both ends of
# the range, where packages' groups get theirs.
MEMBERS = "workbench"
MEMBERS_GID = 700
# The distribution's group whose members may use sudo, and both.
ADMINISTRATORS = "sudo"
GROUPS = frozenset({MEMBERS, ADMINISTRATORS})
