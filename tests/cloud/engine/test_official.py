"""An engine on PATH that came with a language host of its own."""

import shutil
import sys

from workbench.engine.environment import pulumi_environment
from workbench.engine.find import find_engine

# Stands for Pulumi's own host: another program than the project's shim.
HOST = f"""\
#!/bin/sh
echo started >> "$0.log"
exec {sys.executable} -P -c 'from workbench.engine import language_host; language_host.main()' "$@"
"""


def test_the_engine_and_the_host_on_path_are_used_as_they_are(project, tmp_path, monkeypatch):
    folder = tmp_path / "official"
    folder.mkdir()
    shutil.copy2(project.engine.command, folder / "pulumi")
    host = folder / "pulumi-language-python"
    host.write_text(HOST)
    host.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    engine = find_engine()
    assert engine is not None
    assert (engine.command, engine.origin) == (folder / "pulumi", "path")
    assert engine.has_language_host
    project.engine = engine
    project.write('pulumi.export("greeting", "hello")')
    stack = project.open()
    stack.up()
    assert stack.outputs() == {"greeting": "hello"}
    assert "started" in host.with_name("pulumi-language-python.log").read_text()
    path = pulumi_environment(engine, "rehearsal", project.folder)["PATH"]
    assert path == f"{folder}:/usr/bin:/bin"
