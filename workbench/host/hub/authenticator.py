"""Who may sign in to JupyterHub."""

from typing import Any

from jupyterhub.auth import PAMAuthenticator


class MembersAuthenticator(PAMAuthenticator):
    """PAM, for members only, for as long as they are members."""

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
