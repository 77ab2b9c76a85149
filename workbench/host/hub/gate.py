"""Pages of the stack's own for people who have signed in: the web server asks here who it is.

A browser sends the hub's cookies below the hub's path only. So whoever has signed in is given one
more, for the page alone. In it is a token of the hub's that may do nothing; it ends with the
session, as when its person signs out or changes the password.
"""

from urllib.parse import urlencode

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from tornado import web

# Below the hub's own path; the web server's configuration has the first one, too.
PATH = "/page-gate"
ENTRY = "/page-entry"
COOKIE = "workbench-page"
# What the page is told; the web server takes it from nobody else.
NAME = "X-Workbench-User"
# After this the browser goes by the hub again, unseen, while it is signed in there.
SECONDS = 12 * 3600


def cookie(path: str, *, has_hosts: bool) -> str:
    """Return the name of a page's cookie.

    Where people's servers have hosts of their own, their pages can set cookies for this one, but
    none of this name, which browsers send to the whole host. Where they haven't, people's servers
    are at this host, too, and are sent no cookie that is for the page's path alone.
    """
    return f"__Host-{COOKIE}{path.replace('/', '~')}" if has_hosts else COOKIE


def note(path: str) -> str:
    """Return what a page's tokens are called, where people see their tokens as well."""
    return f"Page {path}"


class PageGate(BaseHandler):
    """Say who sends a request for a page, or lead the browser to the sign-in."""

    async def get_current_user(self) -> None:
        """Leave the hub's own cookies alone: a new session in place of the browser's would stay."""
        self._jupyterhub_user = None

    async def get(self) -> None:
        """Answer 204 and a name, a redirect for a page that a person opens, or 401."""
        path = self.get_query_argument("path")
        name = await self._name(path)
        if name is not None:
            self.set_header(NAME, name)
            self.set_status(204)
            return
        if not self._is_opened():
            self.set_status(401)
            self.finish("Sign in first: open this page in a browser.")
            return
        asked = self.request.headers.get("X-Forwarded-Uri", path)
        query = urlencode({"path": path, "next": asked})
        self.redirect(f"{self.hub.base_url.rstrip('/')}{ENTRY}?{query}")

    async def _name(self, path: str) -> str | None:
        name = cookie(path, has_hosts=bool(self.subdomain_host))
        token = orm.APIToken.find(self.db, self.get_cookie(name, ""))
        if token is None or token.user is None or token.note != note(path):
            return None
        # Who was taken off the server, or out of the group, is signed in no longer.
        is_member = await self.authenticator.refresh_user(self._user_from_orm(token.user), self)
        return token.user.name if is_member else None

    def _is_opened(self) -> bool:
        """Say whether a person opens a page, and no script asks for data."""
        headers = self.request.headers
        mode = headers.get("Sec-Fetch-Mode")
        is_page = mode == "navigate" if mode else "text/html" in headers.get("Accept", "")
        return is_page and headers.get("X-Forwarded-Method", "GET") in ("GET", "HEAD")


class PageEntry(BaseHandler):
    """Give who has signed in the cookie for a page, and lead back there."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with a redirect to the page."""
        path, asked = self.get_query_argument("path"), self.get_query_argument("next")
        if path not in self.authenticator.pages or not asked.startswith(path):
            raise web.HTTPError(404)
        if self.get_current_user_cookie() is None:
            raise web.HTTPError(403, "Sign in with a browser.")
        session = self.get_session_cookie() or self.set_session_cookie()
        name = cookie(path, has_hosts=bool(self.subdomain_host))
        self._set_cookie(name, self._token(path, session), encrypted=False, path=path)
        self.redirect(asked)

    def _token(self, path: str, session: str) -> str:
        user = self.current_user.orm_user
        known = {"session_id": session, "note": note(path)}
        for older in self.db.query(orm.APIToken).filter_by(user_id=user.id, **known):
            self.db.delete(older)
        made: str = orm.APIToken.new(user=user, scopes=[], expires_in=SECONDS, **known)
        return made
