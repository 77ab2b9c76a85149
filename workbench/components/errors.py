"""The one error of a component's arguments."""

import pulumi

from workbench.errors import ConfigError


class ArgumentError(ConfigError, pulumi.RunError):
    """An argument of a component or a value of the stack's configuration is not usable.

    A ``pulumi.RunError``, because Pulumi shows the text of those alone, with no traceback.
    """
