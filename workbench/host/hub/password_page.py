"""The page on which people change their password: who has no SSH key has only the browser."""

import asyncio
from typing import Any

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from sqlalchemy.exc import SQLAlchemyError
from tornado import web

PATH = "/password"
# The same program as an administrator's: the rule, and here and on the data volume, or nowhere.
SET_PASSWORD = "/usr/local/sbin/workbench-passwd"  # noqa: S105 (a program)
SECONDS = 60
LINE_ENDS = frozenset("\r\n\0")


class RefusedError(Exception):
    """The password stays as it was; the message is what the person reads, with a status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class PasswordHandler(BaseHandler):
    """Ask for the current password and a new one; only a browser's cookie opens it."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Change the password, or say why not."""
        names = ("password", "new_password", "new_password_again")
        current, new, again = (self.get_body_argument(name, "", strip=False) for name in names)
        try:
            await self._prove(current)
            check_typed(new, again)
            await set_password(self.current_user.name, new, current)
        except RefusedError as refused:
            self.set_status(refused.status)
            await self._show(problem=str(refused))
            return
        self.log.info("%s changed the password", self.current_user.name)
        self._sign_out_elsewhere()
        await self._show(changed=True)

    async def _show(self, **values: Any) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template("password.html", **values))

    async def _prove(self, password: str) -> None:
        """Check the current password as at sign-in, with its limit on wrong ones."""
        given = {"username": self.current_user.name, "password": password}
        try:
            known_as = await self.authenticator.authenticate(self, given)
        except web.HTTPError as error:
            for name, value in (getattr(error, "headers", None) or {}).items():
                self.set_header(name, value)
            raise RefusedError(error.log_message, error.status_code) from error
        if known_as is None:
            raise RefusedError("The current password is wrong.", 403)

    def _sign_out_elsewhere(self) -> None:
        """Have other browsers sign in again: someone may have had the old password."""
        user, session = self.current_user, self.get_session_cookie()
        user.orm_user.cookie_id = orm.new_token()
        try:
            for token in self.db.query(orm.APIToken).filter_by(user_id=user.id):
                # Those of browsers; people's own tokens and their servers' have none.
                if token.session_id and token.session_id != session:
                    self.db.delete(token)
            self.db.commit()
        except SQLAlchemyError:
            # The password is changed all the same, as the page says.
            self.db.rollback()
            self.log.exception("other browsers of %s stay signed in", user.name)
        self.set_hub_cookie(user)


def check_typed(new: str, again: str) -> None:
    """Refuse what was mistyped, and what a line of text can't hold."""
    if not new:
        raise RefusedError("Type a new password.")
    if new != again:
        raise RefusedError("The two new passwords differ. Type the same one twice.")
    if LINE_ENDS & set(new):
        raise RefusedError("A password is one line of text. Choose one without a line break.")


async def set_password(name: str, new: str, current: str) -> None:
    """Set it; raise RefusedError with the program's own sentence where it isn't taken."""
    process = await asyncio.create_subprocess_exec(
        SET_PASSWORD,
        name,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    # Not in an argument, which others could read. Never ended halfway: it does both or neither.
    running = asyncio.ensure_future(process.communicate(f"{new}\n{current}\n".encode()))
    try:
        said, _ = await asyncio.wait_for(asyncio.shield(running), SECONDS)
    except TimeoutError:
        raise RefusedError(
            "The server is too busy to say whether it took the new password. Try both in a"
            " few minutes.",
            503,
        ) from None
    if process.returncode:
        raise RefusedError(sentence(said.decode(errors="replace")))


def sentence(said: str) -> str:
    """Return what a program said last, as a sentence."""
    lines = said.split("\n")
    text = next((line.strip() for line in reversed(lines) if line.strip()), "")
    text = text or "the password is not changed, and the server doesn't say why"
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
