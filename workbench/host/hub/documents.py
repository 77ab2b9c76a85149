"""Notebooks as PDF and Word: nbconvert's Markdown, then pandoc, and for PDF Typst.

nbconvert's own ways to PDF need TeX or a browser. Both programs are in wheels of the hub's
environment; the metadata that the recipe writes alongside this package names the exporters.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pypandoc
import typst
from nbconvert.exporters import Exporter
from nbconvert.exporters import MarkdownExporter
from traitlets.config import Config

# The nearest to JupyterLab: pandoc's own takes "@name" for a citation, and drops raw TeX.
MARKDOWN = "gfm+tex_math_dollars"
# A table's HTML would be lost on the way; its text isn't.
SHOWN = (
    *("image/svg+xml", "image/png", "image/jpeg"),
    *("text/markdown", "text/latex", "text/plain"),
)
SECONDS = 120
PICTURES = "{unique_key}_{cell_index}_{index}{extension}"


class PandocExporter(Exporter):
    """What both have in common."""

    kind = ""

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **options: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """Return the document, and what nbconvert knows of it."""
        nb, resources = super().from_notebook_node(nb, resources, **options)
        alongside = resources.get("metadata", {}).get("path") or "."
        with TemporaryDirectory() as name:
            folder = Path(name)
            text, made = MarkdownExporter(config=markdown_options()).from_notebook_node(nb)
            for file, content in (made.get("outputs") or {}).items():
                (folder / Path(file).name).write_bytes(content)
            document = self.write(folder, text, Path(alongside).absolute())
        return document, resources

    def write(self, folder: Path, text: str, alongside: Path) -> bytes:
        """Return the document; pictures are in the folder, or named from the notebook's own."""
        file = folder / f"notebook.{self.kind}"
        subprocess.run(
            [
                *(pypandoc.get_pandoc_path(), f"--from={MARKDOWN}", f"--to={self.kind}"),
                *("--standalone", f"--output={file.name}", "--extract-media=pictures"),
                f"--resource-path=.:{alongside}",
            ],
            input=text,
            cwd=folder,
            timeout=SECONDS,
            text=True,
            check=True,
        )
        return file.read_bytes()


class PdfExporter(PandocExporter):
    """A PDF."""

    export_from_notebook = "PDF"
    output_mimetype = "application/pdf"
    file_extension = ".pdf"
    kind = "typst"

    def write(self, folder: Path, text: str, alongside: Path) -> bytes:
        """Return what Typst makes of pandoc's text; it reads in that folder only."""
        super().write(folder, text, alongside)
        document: bytes = typst.compile(str(folder / "notebook.typst"), root=str(folder))
        return document


class DocxExporter(PandocExporter):
    """A document of Word's."""

    export_from_notebook = "Word"
    output_mimetype = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    file_extension = ".docx"
    kind = "docx"


def markdown_options() -> Config:
    """Return how the Markdown is made."""
    config = Config()
    config.NbConvertBase.display_data_priority = SHOWN
    # Pictures by plain names, in the folder that pandoc runs in.
    config.ExtractOutputPreprocessor.output_filename_template = PICTURES
    config.ExtractAttachmentsPreprocessor.enabled = True
    return config
