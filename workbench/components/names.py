"""How one thing is called in Python and in Pulumi."""


def camel_case(name: str) -> str:
    """Return a Python name as Pulumi writes it: ``data_volume_id`` is ``dataVolumeId``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
