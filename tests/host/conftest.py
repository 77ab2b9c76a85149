"""A server for each file of tests of the recipe; and what tells pytest how to run them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.progress import Progress
from workbench.rehearsal.docker_engine import ensure_engine
from workbench.rehearsal.endpoints.bridge import add_addresses
from workbench.rehearsal.endpoints.ca import ensure_ca

HERE = Path(__file__).parent
# The clients of the end-to-end tests too: a person's browser and kernels.
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from host_lab import Lab  # noqa: E402
from host_lab import surroundings  # noqa: E402
from left_behind import make_state_folder  # noqa: E402
from warm_image import warm_image  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say that these tests need what the `machine` marker says."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.machine)


# One for each file: some of them leave people and settings behind, or attack it.
@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Return a server that has converged once."""
    folder = make_state_folder("host")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    progress = Progress(quiet=True)
    client = ensure_engine(progress)
    image = warm_image()
    made = Lab(client, image, folder, ensure_ca(folder), (folder / "key.pub").read_text().strip())
    try:
        network = made.machines.ensure_network()
        add_addresses(network.bridge)
        with surroundings(made, network):
            made.publish()
            made.volumes.create(made.volume_id, 4)
            made.boot()
            end = made.wait_converged()
            assert end["result"] == "ok", made.failure()
            yield made
    finally:
        made.machines.remove_all()
        made.volumes.remove_all()
        client.close()
        shutil.rmtree(folder, ignore_errors=True)
