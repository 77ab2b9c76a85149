"""Serve the components to Pulumi programs in other languages."""

from pulumi.provider.experimental import component_provider_host

from workbench import __version__
from workbench.components.plugin.package import COMPONENTS
from workbench.components.plugin.package import PACKAGE
from workbench.components.plugin.package import semantic_version

if __name__ == "__main__":
    component_provider_host(
        components=COMPONENTS, name=PACKAGE, version=semantic_version(__version__)
    )
