"""What of a stack's own can be damaged or lost, and what to type then."""

from workbench.errors import WorkbenchError


class StateDamagedError(WorkbenchError):
    """The stack's state is there, and can't be read."""

    @classmethod
    def named(cls, stack: str, where: str = "") -> "StateDamagedError":
        """Return the error for a stack; ``where`` is the file, where that is known."""
        place = f" ({where})" if where else ""
        return cls(f"Pulumi's state of the stack {stack} is damaged{place}.", recover(stack))


class ConfigLostError(WorkbenchError):
    """The stack's configuration had values, and has none any more."""

    exit_code = 2

    @classmethod
    def named(cls, stack: str, where: str) -> "ConfigLostError":
        """Return the error for a stack whose configuration is the file ``where``."""
        return cls(
            f"The configuration of the stack {stack} is lost: {where} has no values any more.",
            recover(stack),
        )


def recover(stack: str) -> str:
    """Return what brings back the copies that were kept."""
    return f"workbench recover --stack {stack}"
