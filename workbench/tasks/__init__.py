"""What a person does with a workbench: one namespace of Fabric tasks.

``workbench …`` and ``fab …`` run the same tasks; another fabfile can take ``namespace``, or
single collections of it.
"""

from workbench.tasks.namespace import namespace

__all__ = ["namespace"]
