"""Print the package's schema: ``python -m workbench.components.plugin.schema``."""

import json

from workbench.components.plugin.package import infer_schema

if __name__ == "__main__":
    print(json.dumps(infer_schema(), indent=2))
