"""A rehearsal answers whether it lives, whatever is in its cloud and however busy it is."""

import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import HTTPServer
from typing import Any

import boto3
import pytest
from moto.core.base_backend import BackendDict

from workbench.rehearsal import liveness
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import boot_id
from workbench.rehearsal.description import process_start
from workbench.rehearsal.liveness import answers
from workbench.rehearsal.liveness import answers_in_time

REGION = "us-east-1"


@pytest.fixture
def api() -> Iterator[Api]:
    BackendDict.reset()
    api = Api(REGION)
    yield api
    api.stop()
    BackendDict.reset()


@pytest.fixture
def s3(api: Api) -> Iterator[Any]:
    client: Any = boto3.client(
        "s3",
        endpoint_url=api.start(),
        region_name=REGION,
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )
    yield client
    client.close()


def described(url: str, start: int | None = None) -> Description:
    """A rehearsal that is this process, or with another start one that is gone."""
    start = process_start(os.getpid()) if start is None else start
    return Description("r", os.getpid(), start or 0, boot_id(), url, REGION, *[""] * 7)


def test_it_answers_after_a_bucket_that_had_an_object_is_deleted(s3: Any) -> None:
    s3.create_bucket(Bucket="bucket")
    # moto keeps the object longer than the bucket when it has versions.
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="bucket", Key="key", Body=b"content")["VersionId"]
    s3.delete_object(Bucket="bucket", Key="key", VersionId=version)
    s3.delete_bucket(Bucket="bucket")
    assert answers(described(s3.meta.endpoint_url))


def test_it_answers_while_its_state_is_held(api: Api, s3: Any) -> None:
    with api.lock:
        assert answers(described(s3.meta.endpoint_url))
    assert not api.unsaved


class Busy(BaseHTTPRequestHandler):
    """Fails the first requests."""

    left = 0

    def do_GET(self) -> None:
        type(self).left -= 1
        self.send_response(500 if self.left >= 0 else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where answers the third time it is asked."""
    monkeypatch.setattr(Busy, "left", 2)
    monkeypatch.setattr(liveness, "INTERVAL", 0.01)
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_that_is_alive_is_asked_again(busy: str) -> None:
    told: list[str] = []
    assert answers_in_time(described(busy), told.append)
    assert told == ["the rehearsal 'r' doesn't answer; waiting for it"] * 2


def test_one_that_is_gone_is_not_waited_for(busy: str) -> None:
    told: list[str] = []
    assert not answers_in_time(described(busy, start=1), told.append)
    assert told == []


def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "ANSWER_LIMIT", 0.1)
    monkeypatch.setattr(liveness, "PATIENCE", 0.3)
    monkeypatch.setattr(liveness, "INTERVAL", 0.01)
    # The kernel accepts the connections, as it does for a process that is stopped.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert not answers_in_time(described(url), str)
