"""How one thing is called in Python and in Pulumi."""

# The namespace of a stack's configuration, and the workbench's name where that names none.
NAMESPACE = "workbench"
DEFAULT_NAME = "do4ds-lab"


def camel_case(name: str) -> str:
    """Return a Python name as Pulumi writes it: ``data_volume_id`` is ``dataVolumeId``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def snake_case(name: str) -> str:
    """Return a name of Pulumi's as Python writes it."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def key_of(name: str) -> str:
    """Return an argument's key in a stack's configuration, with its namespace."""
    return f"{NAMESPACE}:{camel_case(name)}"
