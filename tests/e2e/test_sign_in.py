"""People sign in: one account, JupyterHub with Python and R, RStudio, over verified HTTPS."""

import re

import pytest
from bench import Bench

KERNELS = {
    "python3": "import getpass; print(6 * 7, getpass.getuser())",
    "ir": "cat(6 * 7, Sys.info()[['user']])",
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_runs_code_as_the_signed_in_user(bench: Bench, kernel: str) -> None:
    hub = bench.hub()
    assert hub.sign_in(bench.password()).status_code == 302
    hub.start_server()
    assert hub.run(kernel, KERNELS[kernel]).split() == ["42", "test-user"]


@pytest.mark.parametrize(
    ("user", "password"),
    [("test-user", "not-the-password"), ("nobody-here", "whatever"), ("root", "root")],
)
def test_jupyterhub_refuses_who_it_does_not_know(bench: Bench, user: str, password: str) -> None:
    answer = bench.hub(user).sign_in(password)
    assert answer.status_code == 403
    assert "Invalid username or password" in answer.text


def _rstudio_sign_in(bench: Bench, user: str, password: str) -> tuple[str, int]:
    """Fill in RStudio's sign-in form; return where it leads and the status of the answer."""
    site = bench.site()
    with site.client() as http:
        form = http.get(f"https://{site.name}/rstudio/auth-sign-in")
        assert form.status_code == 200
        token = re.search(r'name="(rs-csrf-token|csrf-token)"\s+value="([^"]+)"', form.text)
        data = {"username": user, "password": password, "persist": "0", "appUri": ""}
        if token:
            data[token[1]] = token[2]
        answer = http.post(f"https://{site.name}/rstudio/auth-do-sign-in", data=data)
        location = answer.headers.get("location", "")
        if answer.status_code == 302 and "error" not in location:
            page = http.get(location)
            assert page.status_code == 200
            assert user in page.text
        return location, answer.status_code


def test_rstudio_signs_in_the_same_account(bench: Bench) -> None:
    location, status = _rstudio_sign_in(bench, "test-user", bench.password())
    assert status == 302
    assert location.startswith(f"https://{bench.site().name}/rstudio/")
    assert "error" not in location


@pytest.mark.parametrize(("user", "password"), [("test-user", "wrong"), ("nobody-here", "x")])
def test_rstudio_refuses_who_it_does_not_know(bench: Bench, user: str, password: str) -> None:
    location, status = _rstudio_sign_in(bench, user, password)
    assert (status, "error" in location) == (302, True) or status in (401, 403)


@pytest.mark.parametrize("path", ["/rstudio/", "/jupyter/"])
def test_redirects_keep_https_and_the_path(bench: Bench, path: str) -> None:
    site = bench.site()
    with site.client() as http:
        answer = http.get(f"https://{site.name}{path}")
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.startswith((f"https://{site.name}{path}", path))
    assert "localhost:" not in location.replace(site.name, "")


@pytest.mark.parametrize("path", ["/rstudio", "/jupyter"])
def test_a_forgotten_slash_is_forgiven(bench: Bench, path: str) -> None:
    site = bench.site()
    with site.client() as http:
        answer = http.get(f"https://{site.name}{path}")
    assert answer.status_code in (301, 302, 307, 308)
    assert answer.headers["location"].endswith(f"{path}/")


def test_http_redirects_to_https(bench: Bench) -> None:
    site = bench.site()
    with site.client() as http:
        answer = http.get(f"http://{site.name}/rstudio/")
    assert answer.status_code in (301, 308)
    assert answer.headers["location"] == f"https://{site.name}/rstudio/"
