"""RStudio Server's sign-in: the web server sends its form here, to the hub, first.

RStudio Server by itself counts no wrong passwords of an address, says of every name whether it is
a member's, and turns away an owner on whose name someone else keeps guessing. So passwords are
looked at here, as those of the hub's own form are and with the same counts, and only right ones
get to RStudio Server, which looks at them again and signs its person in.
"""

import html
from typing import Any
from urllib.parse import urlencode

from jupyterhub.handlers.base import BaseHandler
from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPHeaders

# Below the hub's own path; the web server's configuration has it, too.
PATH = "/rstudio-sign-in"
# Its number for "Incorrect or invalid username/password".
INCORRECT = 1
# What the request was sent with, which doesn't describe the one that is made of it.
NOT_PASSED_ON = {
    *("Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length"),
    *("Content-Type", "Expect", "Te", "Trailer", "Transfer-Encoding", "Upgrade"),
}
ANSWERED_WITH = ("Location", "Content-Type", "Cache-Control")
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>RStudio sign-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 10vh auto">
<p role="alert">{message}</p><p><a href="{link}">Back to the sign-in page</a></p></body></html>
"""


class RStudioSignIn(BaseHandler):
    """Look at a password, and pass a right one on."""

    @property
    def browser_path(self) -> str:
        """Where a browser shows that it isn't a stranger's: RStudio's path, without a slash."""
        return str(self.request.headers.get("X-RStudio-Root-Path", ""))

    def check_xsrf_cookie(self) -> None:
        """Leave this to RStudio Server, whose form has a token of its own."""

    async def post(self) -> None:
        """Sign in, or lead back to the form; wrong passwords all look and take the same."""
        form = {
            name: self.get_body_argument(name, strip=False) for name in self.request.body_arguments
        }
        name = await self.authenticator.authenticate(self, form)
        if name is None:
            query = urlencode({"appUri": form.get("appUri", ""), "error": INCORRECT})
            self.redirect(f"{self.browser_path}/auth-sign-in?{query}")
            return
        # Each field once, as it was read here: nothing that RStudio could read in another way.
        await self._pass_on({**form, "username": name})

    async def _pass_on(self, form: dict[str, str]) -> None:
        headers = HTTPHeaders(self.request.headers)
        for name in NOT_PASSED_ON:
            headers.pop(name, None)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = await AsyncHTTPClient().fetch(
                self.authenticator.rstudio_sign_in,
                method="POST",
                headers=headers,
                body=urlencode(form),
                follow_redirects=False,
                raise_error=False,
                request_timeout=60,
            )
        except (OSError, HTTPClientError):
            raise web.HTTPError(503, "RStudio Server doesn't answer. Try again later.") from None
        self._answer(answer)

    def _answer(self, answer: Any) -> None:
        self.set_status(answer.code)
        for name in ANSWERED_WITH:
            if name in answer.headers:
                self.set_header(name, answer.headers[name])
        for cookie in answer.headers.get_list("Set-Cookie"):
            self.add_header("Set-Cookie", cookie)
        self.finish(answer.body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in a sentence what was wrong, and lead back to the form."""
        error = kwargs.get("exc_info", (None, None))[1]
        known = isinstance(error, web.HTTPError) and error.log_message
        message = str(known or "This didn't work. Try again later.")
        for name, value in getattr(error, "headers", {}).items():
            self.set_header(name, value)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        link = f"{self.browser_path}/auth-sign-in"
        self.finish(PAGE.format(message=html.escape(message), link=html.escape(link, quote=True)))
