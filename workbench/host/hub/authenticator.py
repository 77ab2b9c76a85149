"""Who may sign in to JupyterHub."""

import asyncio
import math
import secrets
import time
from typing import Any

from jupyterhub.auth import PAMAuthenticator
from tornado import web
from traitlets import List
from traitlets import Unicode

from . import gate
from . import password_page
from .rstudio_sign_in import PATH as RSTUDIO_PATH
from .rstudio_sign_in import RStudioSignIn
from .throttle import Attempt
from .throttle import Throttle
from .turns import FullError
from .turns import Turns
from .visitors import visitor

# No account has a longer name; PAM takes no longer answer.
LONGEST_NAME = 32
LONGEST_PASSWORD = 512
# From its turn on, every wrong answer takes this long, whether or not there is such a name …
WRONG_SECONDS = 2.0
# … and its turn this long: else the next one in the queue would tell.
TURN_SECONDS = 0.15
BROWSER_DAYS = 365
TRY_AGAIN = (
    "Too many wrong passwords. Try again in {}, or from a browser that has signed you in before."
)
TOO_MANY = "Too many people are signing in at the same moment. Try again in a minute."


class MembersAuthenticator(PAMAuthenticator):
    """PAM, for members only, for as long as they are members; guessers have to wait."""

    pages = List(Unicode(), help="Pages of the stack's own for people who sign in.", config=True)
    rstudio_sign_in = Unicode(help="Where RStudio Server takes its form.", config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._throttle, self._turns = Throttle(), Turns()

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """Add the page on which people change their password, and sign-ins of other pages."""
        ours = [
            (password_page.PATH, password_page.PasswordHandler),
            (RSTUDIO_PATH, RStudioSignIn),
            (gate.PATH, gate.PageGate),
            (gate.ENTRY, gate.PageEntry),
        ]
        return [*super().get_handlers(app), *ours]

    async def authenticate(self, handler: Any, data: Any) -> Any:
        """Check a name and a password; wrong ones all look and take the same."""
        address = visitor(handler.request)
        if address is None:
            raise web.HTTPError(403, "Sign in at the workbench's own address.")
        name, password = _read(data)
        # What is counted is what is checked.
        name = self.normalize_username(name)
        attempt = Attempt(name, address, _browser(handler, name))
        try:
            begun, known_as = await self._look(handler, attempt, password)
        except FullError:
            raise _refusal(TOO_MANY, 60) from None
        if known_as is None:
            await _sleep_until(begun + WRONG_SECONDS)
            return None
        _remember_browser(handler, attempt)
        return known_as

    async def _look(self, handler: Any, attempt: Attempt, password: str) -> tuple[float, Any]:
        """Return when the attempt's turn was, and whom it is, or None."""
        # Most of a flood ends here, before it queues.
        self._refuse_many(attempt)
        lane, is_stranger = self._throttle.lane(attempt)
        async with self._turns.turn(lane, is_stranger=is_stranger):
            self._refuse_many(attempt)
            async with self._turns.check(is_stranger=is_stranger):
                begun = time.monotonic()
                known_as = await self._check(handler, attempt, password)
            if known_as is None:
                self._throttle.was_wrong(attempt)
                await _sleep_until(begun + TURN_SECONDS)
            else:
                self._throttle.was_right(attempt)
        return begun, known_as

    async def _check(self, handler: Any, attempt: Attempt, password: str) -> Any:
        fits = len(attempt.name) <= LONGEST_NAME and len(password.encode()) <= LONGEST_PASSWORD
        # A C library ends both at a zero byte: one name would be counted, another one checked.
        if not fits or not attempt.name.isprintable() or "\0" in password:
            return None
        return await super().authenticate(handler, {"username": attempt.name, "password": password})

    def _refuse_many(self, attempt: Attempt) -> None:
        if seconds := self._throttle.wait(attempt):
            minutes = math.ceil(seconds / 60)
            told = f"{minutes} minutes" if minutes > 1 else "a minute"
            raise _refusal(TRY_AGAIN.format(told), seconds)

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> Any:
        """Sign out who was taken out of the group: a cookie outlives an account.

        And follow who is an administrator, which the hub itself looks at when people sign in.
        """
        try:
            if not self.check_allowed_groups(user.name):
                return False
            admin = await self.is_admin(handler, {"name": user.name})
            return {"name": user.name, "admin": admin}
        except KeyError:
            return False


def _read(data: Any) -> tuple[str, str]:
    name, password = (data.get(key) for key in ("username", "password"))
    if not isinstance(name, str) or not isinstance(password, str):
        raise web.HTTPError(400, "Type a username and a password.")
    return name, password


def _browser(handler: Any, name: str) -> str | None:
    """Return which browser this is, if it has signed in the name before.

    A device cookie (owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies),
    signed by the hub: no proof of who someone is, only that they aren't a stranger.
    """
    value = handler.get_secure_cookie(_cookie(name), max_age_days=BROWSER_DAYS)
    return value.decode() if value else None


def _remember_browser(handler: Any, attempt: Attempt) -> None:
    handler._set_cookie(
        _cookie(attempt.name),
        attempt.browser or secrets.token_hex(8),
        expires_days=BROWSER_DAYS,
        path=getattr(handler, "browser_path", handler.hub.base_url),
    )


def _cookie(name: str) -> str:
    return f"workbench-known-{name}"


def _refusal(message: str, seconds: float) -> web.HTTPError:
    refusal = web.HTTPError(429, message)
    refusal.headers = {"Retry-After": str(math.ceil(seconds))}
    return refusal


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
