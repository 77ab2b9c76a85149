"""The workbench's tasks for ``fab``: the same as ``workbench``'s."""

from workbench.tasks import namespace

__all__ = ["namespace"]
