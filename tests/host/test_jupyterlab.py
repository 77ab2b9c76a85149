"""What JupyterLab offers works, and what it can't do isn't offered."""

import contextlib
import json
import os
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium
from chromium import trust
from clients import Hub
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub
from playwright.sync_api import Page

USER, PASSWORD = "ann", "Penguins-on-ice-42"
# Never in the menu.
NOT_OFFERED = {"notebook", "python", "custom"}
CELLS: list[dict[str, Any]] = [
    {"cell_type": "markdown", "source": "# Größe\n\n$x^2$ @ada 100% #1 ![no](missing.png)"},
    {
        "cell_type": "code",
        "source": "print(1)",
        "execution_count": 1,
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": "$1 #2 @3\n"},
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {
                    "text/html": "<table></table>",
                    "text/plain": "   a\n0  1",
                    # One red pixel.
                    "image/png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQ"
                    "DwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
                },
            },
        ],
    },
]
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 4,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "P", "language": "python"}},
    "cells": [{"metadata": {}, **cell} for cell in CELLS],
}
HOG = "taken = [b'x' * (16 << 20) for _ in range(1000)]"


@pytest.fixture(scope="module")
def hub(lab: Lab) -> Iterator[Hub]:
    lab.run(f"workbench-passwd {USER}", stdin=PASSWORD + "\n")
    as_person(lab, "cat > ~/Größe.ipynb", json.dumps(NOTEBOOK))
    with at_hub(lab, PASSWORD, USER) as signed_in:
        yield signed_in
    as_person(lab, "rm -rf ~/Gr* ~/pulled ~/ENDED-FOR-MEMORY.txt")


@pytest.fixture
def page(lab: Lab, hub: Hub, tmp_path: Path) -> Iterator[Page]:
    """Give the person's browser, at JupyterLab."""
    trust(tmp_path, str(lab.folder / "ca.pem"))
    rule = f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1"
    with chromium(tmp_path, [80, 443], rule, to=lab.address) as browser:
        page = browser.new_page()
        page.goto(f"{hub.base}/")
        page.get_by_label("Username").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**/user/{USER}/lab**", timeout=120_000)
        page.get_by_text("Terminal", exact=True).first.wait_for(timeout=120_000)
        yield page


def as_person(lab: Lab, script: str, stdin: str = "", name: str = USER) -> str:
    return lab.run(f"runuser -l {name} -c {shlex.quote(script)}", stdin=stdin)


def look(page: Page, name: str) -> None:
    """Keep a picture where someone wants to look at it."""
    if folder := os.environ.get("WORKBENCH_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_every_format_that_is_offered_works(hub: Hub) -> None:
    own = f"{hub.base}/user/{USER}"
    offered = hub.http.get(f"{own}/api/nbconvert").json().keys() - NOT_OFFERED
    assert {"html", "pdf", "docx", "latex", "markdown", "slides"} <= offered
    answers = {name: hub.http.get(f"{own}/nbconvert/{name}/Größe.ipynb") for name in offered}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        offered, 200
    )
    assert answers["pdf"].content.startswith(b"%PDF")
    assert answers["pdf"].headers["content-type"].startswith("application/pdf")
    # A document of Word's is a ZIP archive.
    assert answers["docx"].content.startswith(b"PK")


def test_notebooks_become_documents_in_a_terminal_too(lab: Lab, hub: Hub) -> None:
    as_person(lab, "jupyter nbconvert --log-level=ERROR --to pdf ~/Größe.ipynb")
    assert as_person(lab, "head -c 4 ~/Größe.pdf") == "%PDF"
    as_person(lab, "echo '*hello*' | pandoc --to docx --output ~/Gruß.docx")
    assert as_person(lab, "head -c 2 ~/Gruß.docx") == "PK"


def test_a_link_fetches_a_repository_and_lab_shows_its_history(lab: Lab, hub: Hub) -> None:
    git = "git -c user.name=a -c user.email=a@example.org -C /var/tmp/course"
    lab.run(
        f"rm -rf /var/tmp/course; git init -q -b main /var/tmp/course; {git} commit -qm one"
        " --allow-empty; chmod -R a+rX /var/tmp/course; git config --system safe.directory '*'"
    )
    with contextlib.ExitStack() as after:
        after.callback(lab.run, "rm -r /var/tmp/course; git config --system --unset safe.directory")
        own = f"{hub.base}/user/{USER}"
        query = {"repo": "file:///var/tmp/course", "branch": "main", "targetpath": "pulled"}
        said = hub.http.get(f"{own}/git-pull/api", params={**query, "_xsrf": hub.xsrf()})
        assert '"finished"' in said.text, said.text
        headers = {"X-XSRFToken": hub.xsrf()}
        log = hub.http.post(f"{own}/git/pulled/log", json={}, headers=headers)
        assert [commit["commit_msg"] for commit in log.json()["commits"]] == ["one"]


def test_lab_has_git_and_no_extensions_that_nobody_can_install(page: Page) -> None:
    page.get_by_role("tab", name="Git").wait_for()
    assert page.get_by_role("tab", name="Extension Manager").count() == 0
    assert page.get_by_text("Would you like to").count() == 0
    look(page, "lab")


def test_lab_says_that_a_kernel_was_ended_for_its_memory(lab: Lab, hub: Hub, page: Page) -> None:
    # The browser's driver has this thread's event loop.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(hub.begin, "python3", HOG).result()
    page.get_by_text("was ended. All you run may use").first.wait_for(timeout=120_000)
    look(page, "ended")
    assert "was ended." in lab.run(f"cat /home/{USER}/ENDED-FOR-MEMORY.txt")


def save(hub: Hub, path: str) -> int:
    """Save a notebook as JupyterLab does, with a checkpoint; return the worst answer."""
    url = f"{hub.base}/user/{hub.user}/api/contents/{path}"
    headers = {"X-XSRFToken": hub.xsrf()}
    body = {"type": "notebook", "format": "json", "content": NOTEBOOK}
    saved = hub.http.put(url, json=body, headers=headers)
    return max(saved.status_code, hub.http.post(f"{url}/checkpoints", headers=headers).status_code)


def test_a_team_reads_and_changes_what_each_put_into_its_folder(lab: Lab, hub: Hub) -> None:
    lab.run("workbench-passwd test-user", stdin=PASSWORD + "\n")
    try:
        assert save(hub, "shared/plan.ipynb") == 201
        with at_hub(lab, PASSWORD) as other:
            # A colleague's notebook, and one alongside it, whose checkpoint is in the same folder.
            assert save(other, "shared/plan.ipynb") == 201
            assert save(other, "shared/next.ipynb") == 201
        as_person(lab, "mkdir -p ~/shared/data && echo a,b > ~/shared/data/new.csv")
        as_person(
            lab, "echo 1,2 >> ~/shared/data/new.csv && rm ~/shared/data/new.csv", name="test-user"
        )
        # What is moved there keeps its rights: only its owner gives it away.
        as_person(
            lab,
            "mkdir -m 700 ~/old && echo a,b > ~/old/x.csv && chmod 600 ~/old/x.csv &&"
            " mv ~/old ~/shared",
        )
        assert lab.converge()["changed"] == 0
        lab.run("runuser -u test-user -- cat /data/shared/old/x.csv", code=1)
        as_person(lab, "chgrp -R workbench ~/shared/old && chmod -R g+rwX ~/shared/old")
        as_person(lab, "echo 1,2 >> ~/shared/old/x.csv && touch ~/shared/old/y", name="test-user")
        # Nobody without an account, and nobody's home.
        lab.run("runuser -u nobody -- ls /data/shared", code=2)
        lab.run("runuser -u test-user -- ls /home/ann", code=2)
    finally:
        lab.run("find /data/shared -mindepth 1 -delete")


def test_who_has_a_shared_folder_of_their_own_keeps_it(lab: Lab, hub: Hub) -> None:
    as_person(lab, "rm ~/shared && mkdir ~/shared && touch ~/shared/mine")
    try:
        lab.converge()
        assert as_person(lab, "ls ~/shared") == "mine"
    finally:
        as_person(lab, "rm -r ~/shared")
        lab.converge()
    assert as_person(lab, "readlink ~/shared") == "/data/shared"
    assert lab.converge()["changed"] == 0
