"""What the connection's tests share: a server on the loopback, and the way to it."""

from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from ssh_server import Ec2
from ssh_server import Sshd

from workbench.remote.host_keys import KnownHosts
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import PrivateKey


@pytest.fixture
def key(tmp_path: Path) -> PrivateKey:
    return PrivateKey(tmp_path / "id", paramiko.ECDSAKey.generate())


@pytest.fixture
def sshd(key: PrivateKey) -> Iterator[Sshd]:
    server = Sshd(key.key)
    yield server
    server.close()


@pytest.fixture
def ec2(sshd: Sshd) -> Ec2:
    return Ec2(sshd.console())


@pytest.fixture
def door(sshd: Sshd, key: PrivateKey, ec2: Ec2, tmp_path: Path) -> Door:
    return Door(
        stack="tests",
        instance_id="i-1",
        host="127.0.0.1",
        port=sshd.port,
        user="admin",
        key=key,
        known_hosts=KnownHosts(tmp_path / "known_hosts"),
        ec2=lambda: ec2,
    )
