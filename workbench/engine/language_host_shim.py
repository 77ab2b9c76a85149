"""Put ``workbench.engine.language_host`` where the engine looks for ``pulumi-language-python``."""

from pathlib import Path

from workbench.writing import put_file

LANGUAGE_HOST = "pulumi-language-python"

# PULUMI_PYTHON_CMD is what the official host goes by too. -P: the program's folder must not
# come before this project's own modules. $PPID: the engine, which may be gone by the time
# Python could ask.
SHIM = """\
#!/bin/sh
exec "${PULUMI_PYTHON_CMD:-python3}" -P -m workbench.engine.language_host "$PPID" "$@"
"""


# Of every version of the shim: checkouts of several versions share the engine.
_MARK = b"-m workbench.engine.language_host"


def is_shim(path: Path) -> bool:
    """Whether a language host is ours rather than Pulumi's own."""
    return _MARK in _beginning(path)


def ensure_shim(folder: Path) -> None:
    """Write the shim into ``folder``, in one step: engines may be starting it right now."""
    put_file(folder / LANGUAGE_HOST, SHIM, mode=0o755)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError:
        return b""
