"""What JupyterLab offers: only what works here, and what people look for."""

import json
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host.jupyter import kernels
from workbench.host.run.pyinfra_typed import files

SOURCE = places.PACKAGE / "hub" / "lab"
EXTENSION = kernels.FOLDER / "labextensions" / "workbench"
PAGE = kernels.SERVER_CONFIGURATION.parent / "labconfig" / "page_config.json"
# Its folder is the first on the path of people's Jupyter servers, so that "pdf" is ours.
METADATA = places.HUB_MODULES.parent / "workbench_hub-1.dist-info"
EXPORTERS = """\
[nbconvert.exporters]
pdf = workbench_hub.documents:PdfExporter
docx = workbench_hub.documents:DocxExporter
"""
DISABLED = (
    # It would install into the hub's environment, which isn't people's.
    "@jupyterlab/extensionmanager-extension:plugin",
    # News of JupyterLab, and of releases that only the recipe installs.
    "@jupyterlab/apputils-extension:announcements",
    # As in jupyter_server_config.py.
    "nbdime-jupyterlab",
)


def lab() -> None:
    """Write JupyterLab's configuration, its extension, and what nbconvert finds."""
    page = {"disabledExtensions": dict.fromkeys(DISABLED, True)}
    _put("Offer what works in JupyterLab", json.dumps(page, indent=1) + "\n", PAGE)
    for file in ("package.json", "static/ended.js"):
        text = (SOURCE / file).read_text()
        _put(f"Write JupyterLab's {Path(file).name}", text, EXTENSION / file)
    _put("Offer PDF and Word", EXPORTERS, METADATA / "entry_points.txt")
    about = "Metadata-Version: 2.1\nName: workbench-hub\nVersion: 1\n"
    _put("Name the hub's modules", about, METADATA / "METADATA")


def _put(name: str, text: str, destination: Path) -> None:
    files.put(name=name, src=StringIO(text), dest=str(destination), mode="644")
