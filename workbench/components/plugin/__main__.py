"""Serve the components to Pulumi programs in other languages."""

import sys

from workbench.components.plugin.package import make_provider
from workbench.components.plugin.server import serve

if __name__ == "__main__":
    serve(make_provider(), sys.argv[1:])
