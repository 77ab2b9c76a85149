"""The AWS API as the table's calls see it: clients, waits with a limit, and the way to stop."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.errors import WaitTimeoutError
from workbench.waiting import Exceptions
from workbench.waiting import wait_for

from .failures import ProviderError
from .settings import Settings

# (service, region) → a boto3-style client.
ClientFactory = Callable[[str, str], Any]

POLL_SECONDS = 0.5


class Cloud:
    """Clients by service, made once; ``folder`` is where relative asset paths start.

    The engine starts plugins in the program's folder, which is where such paths start for it too.
    """

    def __init__(
        self,
        factory: ClientFactory,
        settings: Settings,
        folder: Path | None = None,
        stop: threading.Event | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.folder = folder or Path.cwd()
        self.limit = 600.0
        self._factory = factory
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self._stop = stop or threading.Event()
        self._accounts: list[str] = []
        # Has a person read a line.
        self.tell = tell

    @property
    def region(self) -> str:
        """The region that resources are made in unless they name another."""
        return self.settings.region

    def client(self, service: str) -> Any:
        """Return the client of an AWS service, by boto3's name for it."""
        key = (service, self.region)
        # boto3 loads and caches its models without locking, so clients are made one at a time.
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._factory(*key)
            return self._clients[key]

    def account(self) -> str:
        """Return the account's number."""
        if not self._accounts:
            self._accounts.append(str(self.client("sts").get_caller_identity()["Account"]))
        return self._accounts[0]

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account()}:{resource}"

    def within(self, limit: float) -> "Cloud":
        """Return the same cloud with another limit, in seconds, for its waits."""
        other = self._copy()
        other.limit = limit
        return other

    def in_region(self, region: str | None) -> "Cloud":
        """Return the same cloud seen from another region."""
        if not region or region == self.region:
            return self
        other = self._copy()
        other.settings = replace(self.settings, region=region)
        return other

    def _copy(self) -> "Cloud":
        other = Cloud(self._factory, self.settings, self.folder, self._stop, self.tell)
        other.limit, other._accounts = self.limit, self._accounts
        other._clients, other._lock = self._clients, self._lock
        return other

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Ask ``done`` until it says so; raise WaitTimeoutError at the limit.

        ``what`` completes the sentence "waited for …".
        """
        if not self.retry(done, what):
            raise WaitTimeoutError(
                f"Waited {self.limit:.0f} seconds for {what}: it did not happen."
            )

    def retry(self, ask: Callable[[], bool], what: str, again: Exceptions = ()) -> bool:
        """Ask until it is so, up to the limit; raise ProviderError when told to stop."""

        def pause() -> None:
            if self._stop.wait(POLL_SECONDS):
                raise ProviderError(f"Stopped while waiting for {what}.", "Run it again.")

        return wait_for(ask, self.limit, 0.0, again=again, waiting=pause)


def make_client_factory(settings: Settings) -> ClientFactory:
    """Return a factory of boto3 clients for the settings' endpoints."""

    def make(service: str, region: str) -> Any:
        # boto3 takes longer to import than everything else here: only once it is needed.
        import boto3
        from botocore.config import Config

        endpoint = settings.endpoint(service)
        if endpoint is None:
            raise ProviderError(
                f"The AWS provider has no endpoint for {service} on this computer.",
                f'Add "{service}" to the stack\'s aws:endpoints.',
            )
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=32,
            retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path"},
            proxies={},
        )
        return boto3.session.Session().client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            aws_session_token=settings.token,
            config=config,
        )

    return make
