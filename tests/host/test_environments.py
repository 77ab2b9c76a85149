"""What people install is theirs, at once and wherever they are; nobody else's, and no harm."""

import asyncio
import contextlib
import json
import re
import subprocess
from collections.abc import Callable
from collections.abc import Iterator

import pytest
from clients import Hub
from host_lab import Lab
from host_lab import at_hub

USER = "test-user"
PASSWORD = "Penguins-on-ice-42"
PERSONAL = f"/home/{USER}/.local/share/workbench/python3.11-x86_64"
# No other zone is as far from UTC.
ZONE = "Asia/Kathmandu"
# What a person types at each place, and what must come out of it.
ASKED = {
    "command -v python": f"{PERSONAL}/bin/python",
    "command -v pip": f"{PERSONAL}/bin/pip",
    "command -v jupyter-lab": "/opt/jupyterhub/bin/jupyter-lab",
    "command -v shared-tool": "/usr/local/bin/shared-tool",
    "command -v R": "/usr/bin/R",
    "command -v git tmux nano rsync jq | wc -l": "5",
    "date +%Z%z": "+0545+0545",
    "python -c 'import time; print(time.strftime(\"%z\"))'": "+0545",
    "Rscript -e 'cat(Sys.timezone(), format(Sys.time(), \"%z\"))'": f"{ZONE} +0545",
    "python -c 'print(\"é\")'": "é",
    "Rscript -e 'cat(\"é\")'": "é",
    "Rscript -e 'cat(.libPaths()[1])'": f"/home/{USER}/R/x86_64-pc-linux-gnu-library/4.2",
    "python -c 'import locale; print(locale.setlocale(locale.LC_ALL, \"\"))'": "C.UTF-8",
    "python -c 'import ipykernel; print(ipykernel.__file__)'": (
        "/opt/notebooks/lib/python3.11/site-packages/ipykernel/__init__.py"
    ),
}
SCRIPT = "/usr/local/share/asked.sh"
# What people install: most of these were refused where all shared one environment.
PACKAGES = (
    *("awscli", "boto3", "dash", "dbt-core", "duckdb", "dvc", "fastapi", "jupyter", "lightgbm"),
    *("matplotlib", "mlflow", "openai", "palmerpenguins", "pandas", "pins", "plotly", "polars"),
    *("prefect", "prophet", "s3fs", "sagemaker", "scikit-learn", "seaborn", "shiny"),
    *("statsmodels", "streamlit", "vetiver", "xgboost"),
)
MOST_USED = (
    *("boto3", "duckdb", "matplotlib", "openai", "pandas", "plotly", "seaborn", "statsmodels"),
    *("scikit-learn", "streamlit"),
)
RESOLVED = "/home/ann/resolved"
RESOLVE = f"""
resolve() {{ uv pip install --quiet --dry-run "$1" >/dev/null 2>&1 && echo "$1"; }}
export -f resolve
(printf '%s\n' {" ".join(PACKAGES)} | nice xargs -P 2 -I@ bash -c 'resolve @' > {RESOLVED}
 echo END >> {RESOLVED}) </dev/null >/dev/null 2>&1 &
"""


@pytest.fixture(scope="module")
def hub(lab: Lab) -> Iterator[Hub]:
    lab.run(f"workbench-passwd {USER}", stdin=PASSWORD + "\n")
    lab.run(
        "printf '#!/bin/sh\\n' > /usr/local/bin/shared-tool; chmod 755 /usr/local/bin/shared-tool"
    )
    lines = [f'echo "$({command} 2>&1)"' for command in ASKED]
    lab.run(f"cat > {SCRIPT}", stdin="\n".join(["echo BEGIN", *lines, "echo END", ""]))
    lab.publish(time_zone=ZONE)
    lab.converge()
    ssh(lab, "crontab -", stdin=f"* * * * * bash {SCRIPT} > ~/of-cron 2>&1\n")
    with at_hub(lab, PASSWORD) as signed_in:
        # Another person's, whose environment no test changes.
        lab.run("runuser -l ann -c bash", stdin=RESOLVE)
        yield signed_in
    # Where only some of the tests ran, it still works.
    lab.run(f"pkill -u ann xargs; pkill -u ann uv; rm -rf {RESOLVED} /home/ann/.cache || true")
    ssh(lab, "crontab -r; rm -f ~/of-cron")
    lab.run(f"rm -rf {SCRIPT} /usr/local/bin/shared-tool {PERSONAL}*")


def ssh(lab: Lab, command: str, *options: str, stdin: str = "", **sent: str) -> str:
    """Run a command by OpenSSH as the person, with variables that the client sends."""
    known = lab.folder / "known_hosts.environments"
    host_key = lab.run("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")
    known.write_text(f"{lab.address} {host_key}\n")
    done = subprocess.run(
        [
            *("ssh", "-F", "none", "-i", str(lab.folder / "key"), "-o", "IdentitiesOnly=yes"),
            *("-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"),
            *("-o", "SendEnv=LC_*", *options, f"{USER}@{lab.address}", command),
        ],
        input=stdin,
        env={"PATH": "/usr/bin:/bin", **sent},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def in_terminal(hub: Hub, command: str) -> str:
    """Type a command into a new terminal of JupyterLab's; return all that it shows."""
    api, headers = f"{hub.base}/user/{USER}/api", {"X-XSRFToken": hub.xsrf()}
    name = hub.http.post(f"{api}/terminals", headers=headers).json()["name"]
    url = f"{hub.base}/user/{USER}/terminals/websocket/{name}"
    cookie = hub.http.build_request("GET", url).headers["Cookie"]

    async def converse() -> str:
        shown = ""
        async with asyncio.timeout(120):
            async with hub.channels(url, cookie, 120) as terminal:
                await terminal.send(json.dumps(["stdin", f"{command}\r"]))
                while not re.search(r"^END\r?$", shown, re.M):
                    kind, *rest = json.loads(await terminal.recv())
                    shown += rest[0] if kind == "stdout" else ""
        return shown

    try:
        return asyncio.run(converse())
    finally:
        hub.http.delete(f"{api}/terminals/{name}", headers=headers)


def answers(shown: str) -> dict[str, str]:
    """Return what each command said, from all that a place shows."""
    # A terminal shows its prompt, and codes around what was pasted.
    lines = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]|\r", "", shown).splitlines()
    begin = len(lines) - 1 - lines[::-1].index("BEGIN")
    return dict(zip(ASKED, lines[begin + 1 : lines.index("END", begin)], strict=True))


def of_cron(lab: Lab, hub: Hub) -> str:
    """Return what the job says, which cron runs every minute."""
    said = f"cat /home/{USER}/of-cron 2>/dev/null || true"
    # What was written while another test had broken the kernel on purpose doesn't count.
    lab.run(f"rm -f /home/{USER}/of-cron")
    lab.wait_for(lambda: lab.run(said).endswith("END"), limit=150)
    return lab.run(said)


FOREIGN = {"LC_ALL": "en_US.UTF-8", "LC_CTYPE": "UTF-8", "LC_TIME": "de_DE.UTF-8"}
PLACES: dict[str, Callable[[Lab, Hub], str]] = {
    "notebook": lambda lab, hub: hub.run(
        "python3", f"print(get_ipython().getoutput('bash {SCRIPT}', split=False))"
    ),
    "R notebook": lambda lab, hub: hub.run(
        "ir", f"cat(system('bash {SCRIPT}', intern = TRUE), sep = '\\n')"
    ),
    "terminal": lambda lab, hub: in_terminal(hub, f"bash {SCRIPT}"),
    "ssh with a command": lambda lab, hub: ssh(lab, f"bash {SCRIPT}"),
    "ssh with a foreign locale": lambda lab, hub: ssh(lab, f"bash {SCRIPT}", **FOREIGN),
    "ssh login": lambda lab, hub: ssh(lab, "bash -l", stdin=f"bash {SCRIPT}\n"),
    "su": lambda lab, hub: lab.run(f"su - {USER} -c 'bash {SCRIPT}'"),
    "R with nothing set": lambda lab, hub: lab.run(
        f"runuser -u {USER} -- env -i HOME=/home/{USER} /usr/bin/Rscript -e "
        f"'system(\"bash {SCRIPT}\")'"
    ),
    "user unit": lambda lab, hub: ssh(
        lab, f"systemd-run --user --quiet --wait --pipe bash {SCRIPT}"
    ),
    "cron": of_cron,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_the_same_environment(lab: Lab, hub: Hub, place: str) -> None:
    shown = PLACES[place](lab, hub)
    assert answers(shown) == ASKED
    assert "warning" not in shown.lower()


def test_a_package_is_imported_in_the_kernel_that_installed_it(hub: Hub) -> None:
    said = hub.run(
        "python3",
        "get_ipython().run_line_magic('pip', 'install --quiet boto3 cowsay')\n"
        "import boto3, cowsay\n"
        "print(boto3.__file__)\n"
        "print(get_ipython().getoutput('cowsay -t hi && pip --version', split=False))",
    )
    assert f"{PERSONAL}/lib/python3.11/site-packages/boto3" in said
    assert "hi" in said


def test_nothing_shared_refuses_a_version(lab: Lab, hub: Hub) -> None:
    ssh(lab, "pip install --quiet 'packaging<24' && uv pip install --quiet tabulate")
    said = hub.run("python3", "import packaging, tabulate; print(packaging.__version__)")
    assert said.startswith("23.")
    # Another person's stays as it was.
    assert "23." not in lab.run(
        "su - ann -c \"python -c 'import packaging; print(packaging.__version__)'\""
    )


def test_what_people_use_can_be_installed(lab: Lab, hub: Hub) -> None:
    assert len(PACKAGES) == 28
    try:
        ssh(lab, f"uv pip install --quiet {' '.join(MOST_USED)}")
        modules = ", ".join(MOST_USED).replace("scikit-learn", "sklearn")
        assert hub.run("python3", f"import {modules}; print('imported')").split() == ["imported"]
    finally:
        ssh(lab, f"personal-python reset; rm -rf {PERSONAL}.before* ~/.cache")
    said = f"cat {RESOLVED}"
    lab.wait_for(lambda: lab.run(said).endswith("END"), limit=300)
    assert sorted(lab.run(said).split()[:-1]) == sorted(PACKAGES)


def test_a_package_that_breaks_the_kernel_is_named_and_the_kernel_starts(
    lab: Lab, hub: Hub
) -> None:
    ssh(lab, "pip install --quiet --no-deps 'traitlets<5' 'jupyter_client<7'")
    said = hub.run("python3", "print(6 * 7)")
    assert "42" in said.split()
    assert "keeps the kernel from starting" in said
    said = ssh(lab, "personal-python reset")
    assert "jupyter-client==6" in said
    assert "traitlets" not in ssh(lab, f"pip list --path {PERSONAL}/lib/python3.11/site-packages")
    assert hub.run("python3", "print(6 * 7)").split() == ["42"]


def test_an_r_package_is_installed_without_a_question(lab: Lab, hub: Hub) -> None:
    source = "/usr/local/share/tiny"
    about = (
        "Package: tiny\nVersion: 1.0\nTitle: T\nDescription: D.\nLicense: GPL-3\nAuthor: A\n"
        "Maintainer: A <a@example.org>\n"
    )
    lab.run(f"mkdir -p {source}/R && cat > {source}/DESCRIPTION", stdin=about)
    lab.run(f"echo 'export(answer)' > {source}/NAMESPACE")
    lab.run(f"echo 'answer <- function() 42' > {source}/R/a.R")
    lab.run("cd /usr/local/share && R CMD build tiny > /dev/null")
    code = (
        "install.packages('/usr/local/share/tiny_1.0.tar.gz', repos = NULL, quiet = TRUE)\n"
        "cat('answer', tiny::answer(), find.package('tiny'))"
    )
    said = hub.run("ir", code)
    assert f"answer 42 /home/{USER}/R/x86_64-pc-linux-gnu-library/4.2/tiny" in said
    lab.run(f"rm -r {source} {source}_1.0.tar.gz /home/{USER}/R")


def test_terminals_let_people_do_what_ssh_lets_them(lab: Lab, hub: Hub) -> None:
    asked = "pwd; man -P cat tmux 2>/dev/null | wc -l; crontab -l | head -1"
    root = f"echo {PASSWORD} | sudo -S id -un; sudo -k"
    shown = in_terminal(hub, f"{asked}; {root}; echo; echo END")
    assert "root" in shown
    assert "no new privileges" not in shown
    assert re.search(rf"/home/{USER}\r?\n\d{{3,}}\r?\n# The PATH of", shown, re.M), shown


def test_people_choose_the_path_of_their_cron_jobs(lab: Lab, hub: Hub) -> None:
    own = "PATH=/opt/mine\n0 5 * * * job\n"
    before = ssh(lab, "crontab -l")
    assert "PATH=" in before
    ssh(lab, "crontab -", stdin=own)
    assert ssh(lab, "crontab -l") == own
    # One that came another way, such as an administrator's: the next converge completes it.
    lab.run(f"crontab -u {USER} -", stdin="0 5 * * * job\n")
    lab.converge()
    table = ssh(lab, "crontab -l")
    assert f"PATH={PERSONAL}/bin:/home/{USER}/.local/bin:/opt/notebooks/bin:" in table
    assert table.endswith("\n0 5 * * * job\n")
    assert lab.converge()["changed"] == 0
    ssh(lab, "crontab -", stdin=before)


def test_a_full_home_still_has_a_kernel(lab: Lab, hub: Hub) -> None:
    folder = f"/home/{USER}/.local/share/workbench"
    lab.run(f"rm -rf {folder} && touch {folder}")
    with contextlib.ExitStack() as after:
        after.callback(lab.run, f"runuser -u {USER} -- personal-python")
        after.callback(lab.run, f"rm -f {folder}")
        assert hub.run("python3", "import sys; print(sys.prefix)").split()[-1] == "/opt/notebooks"
