"""RStudio Server's package, for a program whose server installs it by user data of its own."""

from collections.abc import Mapping
from typing import Any

from workbench.host.software import Package
from workbench.host.software import rstudio


def rstudio_package(config: Mapping[str, Any], architecture: str = "amd64") -> Package:
    """Return the package that a configuration names, else Posit's current one.

    ``architecture`` is dpkg's name of the processor. The ``sha256`` is None where the package has
    Posit's signature instead.
    """
    url = config.get("rstudio_url")
    return Package(url, config.get("rstudio_sha256")) if url else rstudio(architecture)
