"""The server that the recipe makes, seen from outside and from inside."""

import re

import pytest
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub
from host_lab import sign_in

from workbench.host import software
from workbench.host.system.cran import DISTRIBUTIONS_R

PASSWORD = "Penguins-on-ice-42"


@pytest.fixture(scope="module")
def password(lab: Lab) -> str:
    lab.run("workbench-passwd test-user", stdin=PASSWORD + "\n")
    return PASSWORD


def test_a_second_converge_changes_nothing(lab: Lab) -> None:
    lab.converge()
    end = lab.converge()
    assert (end["changed"], end["result"]) == (0, "ok")


def test_the_roles_credentials_are_not_for_people(lab: Lab) -> None:
    lab.converge()
    ask = "curl -sf -m 5 -X PUT http://169.254.169.254/latest/api/token"
    assert lab.run(ask) == "a-token"
    lab.run(f"runuser -u test-user -- {ask}", code=7)
    assert lab.converge()["changed"] == 0


def test_progress_names_every_step(lab: Lab) -> None:
    lab.converge()
    begin, *_, end = events = lab.events()
    titles = [event["step"] for event in events if event["event"] == "step"]
    assert len(titles) == begin["total"] == end["changed"] + end["unchanged"]
    assert [event["index"] for event in events if event["event"] == "step"] == list(
        range(1, begin["total"] + 1)
    )
    assert end["recipe"] == lab.settings["recipe"]["sha256"]


@pytest.mark.parametrize(
    ("kernel", "code"),
    [
        ("python3", "import getpass, os; print(6 * 7, getpass.getuser(), os.getcwd())"),
        ("ir", "cat(6 * 7, Sys.info()[['user']], getwd())"),
    ],
)
def test_kernels_run_as_the_person_who_signed_in(
    lab: Lab, password: str, kernel: str, code: str
) -> None:
    with at_hub(lab, password) as hub:
        printed = hub.run(kernel, code)
    assert printed.split() == ["42", "test-user", "/home/test-user"]


def test_a_notebook_installs_packages_into_the_persons_home(lab: Lab, password: str) -> None:
    code = "import subprocess; print(subprocess.getoutput('pip --version; python -m site'))"
    with at_hub(lab, password) as hub:
        printed = hub.run("python3", code)
    assert "/opt/notebooks" in printed
    assert "ENABLE_USER_SITE: True" in printed


@pytest.mark.parametrize("user", ["test-user", "nobody-here", "admin", "root"])
def test_a_wrong_password_is_refused(lab: Lab, password: str, user: str) -> None:
    assert sign_in(lab, user, "not-it") == 403


def rstudio_sign_in(lab: Lab, user: str, secret: str) -> tuple[str, str]:
    """Fill in RStudio's form; return where it leads, and the page there."""
    with lab.site().client() as http:
        form = http.get(f"https://{DOMAIN}/rstudio/auth-sign-in").text
        found = re.search(r'name="rs-csrf-token" value="([^"]+)"', form)
        assert found
        data = {"username": user, "password": secret, "rs-csrf-token": found[1]}
        answer = http.post(f"https://{DOMAIN}/rstudio/auth-do-sign-in", data=data)
        assert answer.status_code == 302
        location = str(answer.url.join(answer.headers["location"]))
        return location, http.get(location).text


def test_rstudio_signs_the_same_person_in(lab: Lab, password: str) -> None:
    location, page = rstudio_sign_in(lab, "test-user", password)
    assert location == f"https://{DOMAIN}/rstudio/"
    assert "stand-in" in page
    assert "test-user" in page


@pytest.mark.parametrize("user", ["test-user", "nobody-here", "admin"])
def test_rstudio_refuses_a_wrong_password(lab: Lab, password: str, user: str) -> None:
    location, page = rstudio_sign_in(lab, user, "not-it")
    assert location.startswith(f"https://{DOMAIN}/rstudio/auth-sign-in?")
    assert "Incorrect" in page


def test_who_is_no_member_is_refused_with_the_right_password(lab: Lab) -> None:
    lab.run("id -u visitor >/dev/null 2>&1 || useradd visitor")
    lab.run("chpasswd", stdin=f"visitor:{PASSWORD}\n")
    assert sign_in(lab, "visitor", PASSWORD) == 403
    assert "error" in rstudio_sign_in(lab, "visitor", PASSWORD)[0]
    lab.run("userdel visitor")


def test_only_ssh_and_the_web_server_listen_to_others(lab: Lab) -> None:
    lines = lab.run("ss -tlnH").splitlines()
    addresses = {line.split()[3] for line in lines}
    outside = {each for each in addresses if not each.startswith(("127.", "[::1]"))}
    assert {each.rpartition(":")[2] for each in outside} == {"22", "80", "443"}


def test_http_leads_to_https_and_the_certificate_is_the_authoritys(lab: Lab) -> None:
    with lab.site().client() as http:
        answer = http.get(f"http://{DOMAIN}/jupyter/")
        assert answer.status_code == 308
        assert answer.headers["location"] == f"https://{DOMAIN}/jupyter/"
        page = http.get(f"https://{DOMAIN}/")
    assert page.status_code == 200
    assert "Penguin lab" in page.text
    assert "stand-in" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r'(src|href)="https?:', page.text)


def test_ssh_takes_keys_only(lab: Lab) -> None:
    said = lab.run("sshd -T").splitlines()
    assert {"passwordauthentication no", "kbdinteractiveauthentication no"} < set(said)
    assert {"permitrootlogin no", "pubkeyauthentication yes"} < set(said)


def test_the_administrator_needs_no_data_volume(lab: Lab) -> None:
    assert lab.run("findmnt -no SOURCE -T /home/test-user").endswith("[/home]")
    assert "nvme" not in lab.run("findmnt -no SOURCE -T /home/admin")
    assert lab.public_key in lab.run("cat /home/admin/.ssh/authorized_keys")


def test_a_persons_keys_are_where_ssh_wants_them(lab: Lab) -> None:
    folder = "/home/test-user/.ssh"
    modes = lab.run(f"stat -c '%a %U' {folder} {folder}/authorized_keys")
    assert modes.splitlines() == ["700 test-user", "600 test-user"]


def test_what_a_person_runs_is_limited(lab: Lab, password: str) -> None:
    total = 4096 * 2**20
    slice_ = f"user-{lab.run('id -u test-user')}.slice"
    with at_hub(lab, password):
        assert lab.run("systemctl show -P Slice jupyter-test-user-singleuser.service") == slice_
        assert int(lab.run("systemctl show -P MemoryMax user.slice")) < total * 0.86
        assert int(lab.run(f"systemctl show -P MemoryMax {slice_}")) < total * 0.7
        assert int(lab.run(f"systemctl show -P TasksMax {slice_}")) == 2048
        assert lab.run(f"systemctl show -P CPUQuotaPerSecUSec {slice_}") == "1.750000s"


def test_memory_is_kept_for_what_everyone_needs(lab: Lab) -> None:
    assert lab.run("systemctl show -P MemoryMin system.slice") == str(288 * 2**20)
    assert lab.run("systemctl show -P OOMScoreAdjust caddy") == "-900"
    # Each person's session would have it, too.
    assert lab.run("systemctl show -P OOMScoreAdjust ssh") != "-900"


def test_r_installs_binaries_of_one_day_and_can_build_the_rest(lab: Lab) -> None:
    repository = lab.run('Rscript -e \'cat(getOption("repos")[["CRAN"]])\'')
    day = software.snapshot(DISTRIBUTIONS_R["bookworm"])
    assert repository.endswith(f"/cran/__linux__/bookworm/{day}")
    assert repository in lab.run("cat /etc/rstudio/rsession.conf")
    lab.run("type make gcc g++ gfortran")


def test_workbench_passwd_explains_itself(lab: Lab) -> None:
    assert "not a user" in lab.run("workbench-passwd admin 2>&1", stdin="x\n", code=2)
    assert "nothing is changed" in lab.run("workbench-passwd ann 2>&1", code=3)
