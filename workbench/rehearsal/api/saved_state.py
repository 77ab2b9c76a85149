"""Keep the API's state in a file, so that a cloud outlives its process and the computer's boot.

moto holds everything in memory. Its objects are plain enough to be pickled, but for locks, private
keys and a few functions without a name.
"""

import io
import logging
import marshal
import os
import pickle
import sys
import threading
import types
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict

from workbench.errors import WorkbenchError

log = logging.getLogger(__name__)

# Raised when our own classes in the file change.
FORMAT = 1

# Where our own code in the file was when older states were written.
_MOVED = {
    f"workbench.rehearsal.{module}": f"workbench.rehearsal.api.{module}"
    for module in ("backup_rules", "saved_state", "strictness", "strictness_volumes")
}

# By service, account and region.
Backends = dict[str, dict[tuple[str, str], Any]]


class SavedStateError(WorkbenchError):
    """A saved state was written by another version, or is damaged."""


class SavedState:
    """One file with the state of every service in use; only root may read it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left_out: set[str] = set()

    @property
    def exists(self) -> bool:
        """Whether there is a state to continue with."""
        return self.path.exists()

    def save(self) -> None:
        """Write the state as it is now, in one step."""
        data = self._dump(_backends())
        temporary = self.path.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.replace(self.path)

    def restore(self) -> None:
        """Put the saved state in the place of the empty one.

        Raises SavedStateError when it can't be read.
        """
        try:
            written_by, backends = _unpickled(self.path.read_bytes())
        except Exception as error:
            raise self._unusable("is damaged") from error
        if written_by != _writer():
            raise self._unusable("was written by another version of the workbench")
        for service, by_place in backends.items():
            for (account, region), backend in by_place.items():
                dict.__setitem__(get_backend(service)[account], region, backend)

    def _unusable(self, why: str) -> SavedStateError:
        return SavedStateError(
            f"The saved state of this rehearsal {why}: {self.path}",
            "Start over, without its machines and data: workbench rehearsal.reset",
        )

    def _dump(self, backends: Backends) -> bytes:
        wanted = {name: each for name, each in backends.items() if name not in self._left_out}
        try:
            return _pickled((_writer(), wanted))
        except (pickle.PicklingError, TypeError, AttributeError):
            bad = {name for name, each in wanted.items() if not _can_be_pickled(each)}
            if not bad:
                raise
        log.warning("not kept over a restart: %s", ", ".join(sorted(bad)))
        self._left_out |= bad
        return self._dump(backends)


def _backends() -> Backends:
    found: Backends = {}
    used: Any = BackendDict
    for service in list(used._instances):
        for account, region, backend in service.iter_backends():
            found.setdefault(service.service_name, {})[account, region] = backend
    return found


def _writer() -> tuple[object, ...]:
    return FORMAT, version("moto"), sys.version_info[:2]


def _can_be_pickled(value: object) -> bool:
    try:
        _pickled(value)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True


def _pickled(value: object) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def _unpickled(data: bytes) -> Any:
    return _Unpickler(io.BytesIO(data)).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Find what was moved since where it is now."""
        return super().find_class(_MOVED.get(module, module), name)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Say how to make again what pickle doesn't know."""
        if isinstance(value, _LOCK):
            return threading.Lock, ()
        if isinstance(value, _RLOCK):
            return threading.RLock, ()
        if isinstance(value, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            return _read_key, (_write_key(value),)
        if isinstance(value, x509.Certificate):
            return _read_certificate, (value.public_bytes(serialization.Encoding.DER),)
        if isinstance(value, defaultdict) and type(value) is not defaultdict:
            arguments = type(value), value.default_factory
            return _make_default_dict, arguments, vars(value), None, iter(value.items())
        if isinstance(value, types.FunctionType) and "<l" in value.__qualname__:
            if value.__closure__:
                return NotImplemented
            return _make_function, (value.__module__, marshal.dumps(value.__code__))
        return NotImplemented


_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())


def _write_key(key: Any) -> bytes:
    data: bytes = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return data


def _read_key(data: bytes) -> Any:
    return serialization.load_der_private_key(data, None)


def _read_certificate(data: bytes) -> Any:
    return x509.load_der_x509_certificate(data)


def _make_default_dict(kind: Any, factory: Callable[[], Any]) -> Any:
    # Past the class's own __init__, whose arguments nobody knows any more.
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


def _make_function(module: str, code: bytes) -> Callable[..., Any]:
    return types.FunctionType(marshal.loads(code), vars(import_module(module)))  # noqa: S302 (our own)
