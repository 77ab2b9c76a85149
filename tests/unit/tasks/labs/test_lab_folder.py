"""What the reader's folder has for commands."""

import re
from importlib import import_module

from botocore.loaders import create_loader

from workbench.tasks.labs.folder import LOOKUP
from workbench.tasks.labs.folder import put_quick_waits


def test_aws_waits_as_long_as_ever_and_looks_each_second(tmp_path):
    plain = create_loader().load_service_model("ec2", "waiters-2")["waiters"]

    loader = create_loader(str(put_quick_waits(tmp_path / "aws")))
    quick = loader.load_service_model("ec2", "waiters-2")["waiters"]

    assert plain["InstanceRunning"]["delay"] == 15
    assert {each["delay"] for each in quick.values()} == {1}
    assert {name: each["maxAttempts"] for name, each in quick.items()} == {
        name: each["maxAttempts"] * each["delay"] for name, each in plain.items()
    }
    assert quick["InstanceRunning"]["acceptors"] == plain["InstanceRunning"]["acceptors"]


def test_what_a_readers_shell_imports_is_there():
    found = re.search(r"from (\S+) import (\w+);", LOOKUP)
    assert found
    assert hasattr(import_module(found[1]), found[2])
