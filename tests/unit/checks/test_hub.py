"""A person at JupyterHub: sign in, a server, a kernel, and everything put back after."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from workbench.checks import hub
from workbench.checks.kernels import CODE
from workbench.checks.kernels import check_kernels
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

MakeSite = Callable[..., Target]
HUB = "/jupyter/hub"
OWN = "/jupyter/user/ada/api"
SPECS = {
    "kernelspecs": {
        "python3": {"spec": {"language": "python"}},
        "ir": {"spec": {"language": "R"}},
    }
}


def page(content: Any, status: int = 200, **headers: str) -> tuple[int, dict[str, str], str]:
    return status, headers, json.dumps(content)


PAGES = {
    f"{HUB}/login": (
        200,
        {"Set-Cookie": "_xsrf=x; Path=/jupyter/hub/"},
        '<input name="_xsrf" value="x"/>',
    ),
    # Who is signed in; and what their own server gave them, at its path.
    f"POST {HUB}/login": (302, {"Set-Cookie": "session=s; Path=/jupyter/hub/"}, ""),
    f"{HUB}/home": page("", **{"Set-Cookie": "_xsrf=own; Path=/jupyter/user/"}),
    f"POST {HUB}/api/users/ada/tokens": page({"token": "t", "id": "a1"}),
    f"{HUB}/api/users/ada": page({"server": "/user/ada/", "pending": None}),
    f"DELETE {HUB}/api/users/ada/tokens/a1": page("", 204),
    f"{OWN}/kernelspecs": page(SPECS),
    f"POST {OWN}/kernels": page({"id": "k1"}, 201),
    f"DELETE {OWN}/kernels/k1": page("", 204),
}


@pytest.fixture(autouse=True)
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    def execute(target: Target, host: str, path: str, headers: dict[str, str], code: str) -> str:
        assert (target.stack, headers) == ("tests", {"Authorization": "token t"})
        asked.append((f"{host}{path}", code))
        return "42 ada"

    monkeypatch.setattr(hub, "execute", execute)
    return asked


def test_code_runs_in_a_kernel_of_the_language_asked_for(
    make_site: MakeSite, requests: list[Any], kernel: list[tuple[str, str]]
) -> None:
    with hub.session(make_site(PAGES), "ada", "secret") as session:
        assert session.run("R", "6 * 7") == "42 ada"
        with pytest.raises(WorkbenchError, match=r"no julia kernel, only \['ir', 'python3'\]"):
            session.run("julia", "6 * 7")
    assert kernel == [(f"{session.host}{OWN}/kernels/k1", "6 * 7")]
    (started,) = (each for each in requests if each.asked == f"POST {OWN}/kernels")
    assert json.loads(started.body) == {"name": "ir"}
    # The kernel and the token go again; the server was there before.
    ended = [each.asked for each in requests if each.asked.startswith("DELETE")]
    assert ended == [f"DELETE {OWN}/kernels/k1", f"DELETE {HUB}/api/users/ada/tokens/a1"]


def test_the_token_alone_says_who_asks(make_site: MakeSite, requests: list[Any]) -> None:
    with hub.session(make_site(PAGES), "ada", "secret") as session:
        session.run("R", "6 * 7")
    _, form, _, token, *others = requests
    assert dict(parse_qsl(form.body)) == {"username": "ada", "password": "secret", "_xsrf": "x"}
    wanted = {"note": "workbench check", "expires_in": hub.TOKEN_SECONDS}
    assert json.loads(token.body) == wanted
    assert token.headers["X-XSRFToken"] == "x"
    assert token.headers["Referer"] == f"https://bench.example{HUB}/home"
    assert {each.headers["Authorization"] for each in others} == {"token t"}
    assert not any("Cookie" in each.headers for each in others)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (f"{HUB}/login", "https://bench.example/jupyter/hub/login answers 503."),
        (f"POST {HUB}/api/users/ada/tokens", f"{HUB}/api/users/ada/tokens answers 503 no hub"),
    ],
)
def test_a_hub_that_does_not_answer_is_told(make_site: MakeSite, broken: str, told: str) -> None:
    with (
        pytest.raises(WorkbenchError) as error,
        hub.session(make_site(PAGES | {broken: (503, {}, "no\n  hub\n")}), "ada", "secret"),
    ):
        pass
    assert error.value.message == told


def test_no_more_than_a_line_of_an_answer_is_told(make_site: MakeSite) -> None:
    broken = {f"POST {HUB}/api/users/ada/tokens": (500, {}, "x" * 201)}
    with (
        pytest.raises(WorkbenchError) as error,
        hub.session(make_site(PAGES | broken), "ada", "secret"),
    ):
        pass
    assert error.value.message.endswith(f" 500 {'x' * 200}")


def test_a_refused_password_is_told(make_site: MakeSite) -> None:
    refused = {f"POST {HUB}/login": (403, {}, "Invalid username or password")}
    with (
        pytest.raises(WorkbenchError, match="JupyterHub refuses ada"),
        hub.session(make_site(PAGES | refused), "ada", "wrong"),
    ):
        pass


def test_a_server_that_can_not_start_is_told(make_site: MakeSite) -> None:
    broken = {
        f"{HUB}/api/users/ada": page({"server": None, "pending": None}),
        f"POST {HUB}/api/users/ada/server": page({"message": "no memory"}, 500),
    }
    with (
        pytest.raises(WorkbenchError, match="can't start a server for ada: 500"),
        hub.session(make_site(PAGES | broken), "ada", "secret"),
    ):
        pass


def test_a_server_that_ends_while_it_starts_is_told(make_site: MakeSite) -> None:
    ended = {
        f"{HUB}/api/users/ada": page({"server": None, "pending": None}),
        f"POST {HUB}/api/users/ada/server": page("", 201),
    }
    with (
        pytest.raises(WorkbenchError) as error,
        hub.session(make_site(PAGES | ended), "ada", "secret"),
    ):
        pass
    assert error.value.message == "The Jupyter server of ada stopped while starting."


# The hub says 202 of one that takes a while.
@pytest.mark.parametrize(("pending", "status"), [("stop", 201), ("check", 202)])
def test_a_server_is_started_once_nothing_is_pending(
    make_site: MakeSite,
    requests: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    pending: str,
    status: int,
) -> None:
    user, start = f"{HUB}/api/users/ada", f"POST {HUB}/api/users/ada/server"

    class Hub(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            answer = super().get(key, default)
            if key == start and answer[0] == status:
                self[user] = page({"server": "/user/ada/", "pending": None})
            return answer

    pages = Hub(PAGES)
    pages[user] = page({"server": None, "pending": pending})
    pages[start] = page({"message": f"ada is pending {pending}"}, 400)

    def sleep(_: float) -> None:
        pages[user] = page({"server": None, "pending": None})
        pages[start] = page("", status)

    monkeypatch.setattr(time, "sleep", sleep)
    with hub.session(make_site(pages), "ada", "secret") as session:
        assert session.run("R", "6 * 7") == "42 ada"
    # It wasn't there before.
    assert [each.asked for each in requests].count(f"DELETE {user}/server") == 1


def test_a_server_that_stays_pending_is_told(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = {f"{HUB}/api/users/ada": page({"server": None, "pending": "stop"})}
    monkeypatch.setattr(hub, "SPAWN_LIMIT", 0)
    with (
        pytest.raises(WorkbenchError, match="still at the stop of ada's Jupyter server"),
        hub.session(make_site(PAGES | stopping), "ada", "secret"),
    ):
        pass


def test_nobodys_password_is_sent_where_no_certificate_is_trusted(
    make_site: MakeSite, requests: list[Any], own_authority: Any
) -> None:
    target = replace(make_site(PAGES, issuer=own_authority), password=lambda user: "secret")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        check_kernels(target)
    found = check_kernels(replace(target, outputs=dict(target.outputs) | {"domain": ""}))
    said = "a self-signed certificate proves nothing, so the check doesn't sign in"
    assert (found.result, found.evidence) == ("SKIP", said)
    assert requests == []


def test_kernels_in_both_languages(
    make_site: MakeSite,
    requests: list[Any],
    kernel: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = make_site(PAGES)
    found = check_kernels(target)
    said = "this computer knows no password to sign in with"
    assert (found.result, found.evidence) == ("SKIP", said)
    object.__setattr__(target, "password", lambda user: "secret")
    found = check_kernels(target)
    assert (found.result, found.evidence) == ("PASS", "python and R kernels run code as ada")
    assert dict(parse_qsl(requests[1].body))["password"] == "secret"
    assert [code for _, code in kernel] == list(CODE.values())
    nameless = replace(target, outputs=dict(target.outputs) | {"domain": ""})
    object.__setattr__(nameless, "password", lambda user: "secret")
    found = check_kernels(nameless)
    assert (found.result, found.evidence) == ("PASS", "python and R kernels run code as ada")
    monkeypatch.setattr(hub, "execute", lambda *_: "42 root")
    found = check_kernels(target)
    assert (found.result, found.evidence) == ("FAIL", "python kernel of ada answered '42 root'")
