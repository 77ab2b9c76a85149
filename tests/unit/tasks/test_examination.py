"""The doctor reports whatever fails: no engine, no login, no stack, no rehearsal, no network."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError
from botocore.exceptions import MissingDependencyException
from rich.console import Console

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.engine import backend
from workbench.engine import find
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.doctor import known_stack
from workbench.tasks.doctor.examination import causes_first
from workbench.tasks.doctor.examination import examine
from workbench.tasks.doctor.layers import print_layers

QUIET = Progress(quiet=True)
ENGINE = find.Engine(Path("pulumi"), "3.259.0", "path", has_language_host=True)


def examined(stack: str) -> dict[str, Report]:
    return {report.name: report for report in examine(stack, QUIET)}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an engine, whether this computer has one or not."""
    monkeypatch.setattr(find, "find_engine", lambda: ENGINE)


@pytest.fixture(autouse=True)
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(
        known_stack, "read_stack", lambda stack, progress: StackState(stack, exists=False)
    )


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetCallerIdentity")


def raising(error: Exception) -> SimpleNamespace:
    def get_caller_identity() -> None:
        raise error

    return SimpleNamespace(get_caller_identity=get_caller_identity)


def refuse(error: Exception) -> object:
    def read(stack: str, progress: Progress) -> StackState:
        raise error

    return read


def test_a_stack_that_pulumi_can_not_read_fails_its_layer_and_blocks_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = WorkbenchError("The passphrase doesn't fit the stack's secrets.", "Set another one.")
    monkeypatch.setattr(known_stack, "read_stack", refuse(error))
    monkeypatch.setattr(backend, "current_backend", lambda *_: "file://~")
    reports = examined("prod")
    assert reports["state"].result is Result.FAIL
    assert (reports["state"].evidence, reports["state"].fix) == (error.message, error.hint)
    assert reports["state"].layer == "stack"
    assert {reports[name].result for name in ("stack", "instance", "ssh", "drift")} == {"SKIP"}


def test_a_missing_login_is_named_with_the_places_to_log_in_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = WorkbenchError("Pulumi doesn't know where to keep the stack's state.", "Type …")
    monkeypatch.setattr(known_stack, "read_stack", refuse(error))
    monkeypatch.setattr(backend, "current_backend", lambda *_: None)
    report = examined("prod")["state"]
    assert (report.result, report.layer, report.fix) == ("FAIL", "stack", "pulumi login")
    assert "pulumi login s3://BUCKET" in report.evidence


@pytest.mark.parametrize(
    ("error", "words", "fix"),
    [
        (refused("ExpiredToken"), "have expired", "aws sso login --profile team"),
        (refused("InvalidClientTokenId"), "doesn't know these", "aws configure --profile team"),
        (
            MissingDependencyException(msg='pip install "botocore[crt]"'),
            "credentials of aws login",
            'aws configure set credential_process "aws configure export-credentials --profile team'
            ' --format process" --profile workbench'
            " && pulumi config set aws:profile workbench --stack prod",
        ),
        (
            EndpointConnectionError(endpoint_url="https://sts.eu-wst-1.amazonaws.com"),
            "aws:region is 'eu-wst-1', which AWS doesn't have",
            "pulumi config set aws:region REGION --stack prod",
        ),
    ],
)
def test_why_aws_does_not_let_one_in(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str, fix: str
) -> None:
    provider = {"aws:profile": "team", "aws:region": "eu-wst-1"}
    monkeypatch.setattr(known_stack.KnownStack, "provider", lambda self: provider)
    monkeypatch.setattr(known_stack.KnownStack, "aws", lambda self, service: raising(error))
    report = examined("prod")["credentials"]
    assert (report.result, report.fix) == ("FAIL", fix)
    assert words in report.evidence


def test_no_network_is_told_from_a_region_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    error = EndpointConnectionError(endpoint_url="https://sts.eu-west-1.amazonaws.com")
    monkeypatch.setattr(
        known_stack.KnownStack, "provider", lambda self: {"aws:region": "eu-west-1"}
    )
    monkeypatch.setattr(known_stack.KnownStack, "aws", lambda self, service: raising(error))
    assert "is there a network?" in examined("prod")["credentials"].evidence


def test_another_region_than_the_servers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"instance_id": "i-1", "region": "eu-west-1"}
    state = StackState("prod", outputs, {"aws:region": "eu-central-1"})
    monkeypatch.setattr(known_stack, "read_stack", lambda stack, progress: state)
    identity = SimpleNamespace(get_caller_identity=lambda: {"Arn": "arn:aws:iam::1:user/ada"})
    monkeypatch.setattr(known_stack.KnownStack, "aws", lambda self, service: identity)
    reports = examined("prod")
    assert reports["credentials"].result is Result.PASS
    assert reports["region"].result is Result.FAIL
    assert reports["region"].fix == "pulumi config set aws:region eu-west-1 --stack prod"
    assert reports["instance"].result is Result.SKIP


def test_missing_credentials_are_named_and_the_state_is_still_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = StackState("prod", {"instance_id": "i-1", "region": "eu-west-1"})
    monkeypatch.setattr(known_stack, "read_stack", lambda stack, progress: read)
    reports = examined("prod")
    assert reports["credentials"].result is Result.FAIL
    assert "no AWS credentials" in reports["credentials"].evidence
    assert reports["credentials"].fix == "aws configure"
    assert reports["state"].result is Result.PASS
    assert reports["instance"].result is Result.SKIP


def test_a_stack_that_was_never_made_is_named() -> None:
    report = examined("prod")["state"]
    assert report.evidence == "there is no stack prod"
    assert report.fix == "workbench init --stack prod"


def test_an_error_of_any_kind_in_the_state_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_stack, "read_stack", refuse(RuntimeError("broken")))
    assert examined("prod")["state"].evidence == "RuntimeError: broken"


def test_quick_leaves_out_what_is_slow() -> None:
    whole = {report.name for report in examine("prod", QUIET)}
    quick = {report.name for report in examine("prod", QUIET, quick=True)}
    assert whole - quick == {"kernels", "inner-ports", "rights", "updates"}


def report(name: str, layer: str, result: Result, **more: object) -> Report:
    return Report(name, result, f"{name} seen", "", layer, **more)  # type: ignore[arg-type]


def test_layers_are_printed_as_blocks_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    long = Report("dns", Result.FAIL, "a " * 90, "workbench up --stack tests", "dns")
    print_layers(
        [
            report("pulumi", "tools", Result.PASS),
            long,
            report("ssh", "ssh", Result.SKIP, blocked=True),
            report("disks", "disk", Result.SKIP, blocked=True),
        ],
        Console(width=80),
    )
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0] == "Tools"
    assert "        → workbench up --stack tests" in lines
    blocked = lines[lines.index("SSH, Disk") + 1]
    assert " ".join(blocked.split()) == "SKIP 2 checks depend on what failed or can't be checked"
    assert lines[-2:] == ["Start with the first FAIL, dns:", "  workbench up --stack tests"]


def test_a_full_disk_and_memory_that_ran_out_come_before_what_they_made_fail(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reports = causes_first(
        [
            report("ssh", "ssh", Result.PASS),
            report("converged", "server", Result.FAIL),
            report("memory", "server", Result.WARN),
            report("disks", "disk", Result.FAIL),
            report("quotas", "disk", Result.PASS),
        ]
    )
    assert [each.name for each in reports] == ["disks", "memory", "ssh", "converged", "quotas"]
    print_layers(reports, Console(width=80))
    assert "Start with the first FAIL, disks:" in capsys.readouterr().out


def test_a_warning_alone_stays_where_it_is() -> None:
    reports = [report("ssh", "ssh", Result.PASS), report("memory", "server", Result.WARN)]
    assert causes_first(reports) == reports
