"""Packages for everyone: what the configuration lists is there, and no more, whatever happens."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from host_lab import Lab

UNIT = "workbench-packages"
MISSING = "no-such-package-by-that-name"
PLAN = (
    "cd /opt/workbench/recipe/current && /opt/workbench/venv/bin/python -m workbench.host.run.plan"
    " /etc/workbench/settings.json"
)
LOCK = "/var/lib/dpkg/lock-frontend"


def told(lab: Lab) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(lab.run("cat /var/lib/workbench/packages.json || echo {}"))
    return values


def state(lab: Lab) -> str:
    return lab.run(f"systemctl show --property=SubState --value {UNIT}")


def ended(lab: Lab) -> dict[str, Any]:
    """Wait until the server has done what it can."""
    wanted = {"apt": [], "python": [], "r": [], **lab.settings["packages"]}

    def is_done() -> bool:
        values = told(lab)
        return values.get("lists") == wanted and values["state"] != "installing"

    lab.wait_for(is_done, 300)
    lab.wait_for(lambda: state(lab) != "start")
    return told(lab)


def want(lab: Lab, **lists: Any) -> None:
    lab.publish(packages={"base": [], **lists})
    lab.converge()


def plan(lab: Lab) -> dict[str, Any]:
    return dict(json.loads(lab.run(PLAN).splitlines()[-1]))


def actions(lab: Lab) -> list[str]:
    """Return what a converge would do about packages for everyone."""
    found = plan(lab)["findings"]
    return [action for each in found for action in each["actions"]]


def as_ann(lab: Lab, command: str, code: int = 0) -> str:
    return lab.run(f"su - ann -c '{command}'", code=code)


@pytest.fixture(scope="module")
def repository(lab: Lab) -> Iterator[None]:
    """Give the server a CRAN of its own, with one package, as an administrator may."""
    folder = "/srv/cran/src/contrib"
    about = (
        "Package: tiny\nVersion: 1.0\nTitle: T\nDescription: D.\nLicense: GPL-3\nAuthor: A\n"
        "Maintainer: A <a@example.org>\n"
    )
    lab.run(f"mkdir -p {folder} /srv/tiny/R && cat > /srv/tiny/DESCRIPTION", stdin=about)
    lab.run("echo 'export(answer)' > /srv/tiny/NAMESPACE")
    lab.run("echo 'answer <- function() 42' > /srv/tiny/R/a.R")
    lab.run(f"cd {folder} && R CMD build /srv/tiny > /dev/null")
    lab.run(f'Rscript -e \'tools::write_PACKAGES("{folder}", type = "source")\'')
    lab.run("echo 'options(repos = c(CRAN = \"file:///srv/cran\"))' > /root/.Rprofile")
    yield
    lab.run("rm -r /srv/cran /srv/tiny /root/.Rprofile")


def test_what_is_listed_is_there_for_everyone_and_what_is_not_is_named(
    lab: Lab, repository: None
) -> None:
    want(
        lab,
        apt=["librecode0", "hello"],
        python=["cowsay", MISSING],
        r=["praise", "tiny", "nosuchpackage"],
    )
    result = ended(lab)

    assert "Hello" in as_ann(lab, "hello")
    assert "hi" in as_ann(lab, "cowsay -t hi")
    assert "True" in as_ann(lab, 'python -c "import cowsay; print(True)"')
    # One by apt, one from CRAN.
    assert "TRUE" in as_ann(lab, 'Rscript -e "print(nzchar(praise::praise()))"')
    assert "42" in as_ann(lab, 'Rscript -e "tiny::answer()"')
    assert result["state"] == "failed"
    why = {each["name"]: each["why"] for each in result["failed"]}
    assert why.keys() == {MISSING, "nosuchpackage"}
    assert f"{MISSING} was not found" in why[MISSING]
    assert "there is no package of that name at file:///srv/cran" in why["nosuchpackage"]
    # The plan says that it would try them again, and nothing else.
    assert actions(lab) == [f"try again: Python {MISSING}", "try again: R nosuchpackage"]


def test_an_administrators_own_packages_are_told_and_their_removal_is_said_first(
    lab: Lab, repository: None
) -> None:
    lists = {"apt": ["librecode0", "hello"], "python": ["cowsay"], "r": ["praise", "tiny"]}
    want(lab, **lists)
    assert ended(lab)["failed"] == []
    assert plan(lab)["findings"] == []
    uv, python = "/opt/workbench/venv/bin/uv pip", "--python /opt/everyone/python/bin/python"
    lab.run(f"{uv} install --quiet --system-certs {python} tabulate")

    assert [each["name"] for each in plan(lab)["manual"]] == ["tabulate"]
    assert plan(lab)["findings"] == []

    lab.run('sed -i \'s/"cowsay"/"cowsay<7"/\' /etc/workbench/settings.json')
    said = actions(lab)
    assert "install for everyone: Python cowsay<7" in said
    assert (
        "remove tabulate from /opt/everyone/python (add it to workbench:packages to keep it)"
        in said
    )
    lab.run(f"{uv} uninstall --quiet {python} tabulate")


def test_what_leaves_the_lists_goes_but_not_what_others_need(lab: Lab, repository: None) -> None:
    want(lab, apt=["librecode0", "hello"], python=["cowsay"], r=["praise", "tiny"])
    ended(lab)
    # A person's, which needs a package of the list.
    lab.run("apt-get -q -y install --no-install-recommends fortune-mod")

    lab.publish(packages={"base": []})
    lab.converge()
    assert ended(lab)["state"] == "installed"

    packages = lab.run("dpkg-query -W -f '${Package} ${db:Status-Status}\\n' | grep ' installed'")
    assert "librecode0 installed" in packages
    assert "fortune-mod installed" in packages
    assert "hello installed" not in packages
    assert "r-cran-praise installed" not in packages
    assert "r-cran-irkernel installed" in packages
    as_ann(lab, "command -v cowsay", code=1)
    as_ann(lab, 'Rscript -e "tiny::answer()"', code=1)
    assert plan(lab)["findings"] == []
    lab.run("apt-get -q -y purge fortune-mod librecode0")


def test_an_interrupted_installation_is_told_and_finished_by_the_next_converge(lab: Lab) -> None:
    # It gets no further while someone else installs.
    holder = "systemd-run --quiet --unit=holds-apt flock /var/lib/dpkg/lock-frontend sleep infinity"
    lab.run("rm -f /var/lib/workbench/apt-updated")
    lab.run(holder)
    try:
        want(lab, apt=["hello"])
        lab.wait_for(lambda: told(lab).get("lists", {}).get("apt") == ["hello"])
        # A converge finds it at work, and leaves it so.
        assert plan(lab)["findings"] == []
        lab.run(f"systemctl kill --signal=KILL {UNIT}")
        lab.wait_for(lambda: state(lab) == "auto-restart")
        assert told(lab)["state"] == "installing"
        assert actions(lab) == ["continue to install them"]
    finally:
        lab.run("systemctl stop holds-apt")
    lab.converge()
    assert ended(lab)["state"] == "installed"
    assert "Hello" in as_ann(lab, "hello")
    want(lab)
    ended(lab)


def test_compilers_and_tools_come_by_themselves_whatever_the_lists_are(lab: Lab) -> None:
    # As on a new server, which has them after its services are up.
    lab.run("apt-get -q -y purge r-base-dev jq")
    assert {"install: jq", "install: r-base-dev"} <= set(actions(lab))

    want(lab)
    values = ended(lab)

    assert (values["state"], values["failed"]) == ("installed", [])
    assert lab.run("echo '[42]' | jq '.[0]'").strip() == "42"
    assert "install ok installed" in lab.run("dpkg-query -W -f '${Status}' r-base-dev")
    assert plan(lab)["findings"] == []
