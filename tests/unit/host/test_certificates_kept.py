"""Which names still need an authority's certificate, by what Caddy has stored."""

import json
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from workbench.host import places
from workbench.host.services import caddy as proxy
from workbench.host.settings import Settings

ADDRESS = "203.0.113.7"
LETS_ENCRYPT = "acme-v02.api.letsencrypt.org-directory"


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "CADDY_STORAGE", tmp_path)
    return tmp_path / "certificates"


def nameless(**more: str) -> Settings:
    values = {
        "version": 1,
        "name": "lab",
        "domain": None,
        "names": [],
        "administrator": {"name": "ubuntu", "public_keys": []},
        "users": [],
        "data_volume": {"id": "vol-1", "device": "/dev/sdf"},
    }
    return Settings.parse(json.dumps(values | more))


def store(folder: Path, name: str, hours: float) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(hours=hours))
        .sign(key, SHA256())
    )
    path = folder / name / f"{name}.crt"
    path.parent.mkdir(parents=True)
    path.write_bytes(made.public_bytes(Encoding.PEM))


def test_the_servers_own_certificate_is_none_of_an_authoritys(storage: Path) -> None:
    store(storage / "local", ADDRESS, 12)
    assert proxy.missing_certificates([ADDRESS]) == [ADDRESS]
    store(storage / LETS_ENCRYPT, ADDRESS, 12)
    assert proxy.missing_certificates([ADDRESS]) == []


def test_one_that_has_ended_is_missing(storage: Path) -> None:
    store(storage / LETS_ENCRYPT, ADDRESS, -1)
    assert proxy.missing_certificates([ADDRESS, "lab.test"]) == [ADDRESS, "lab.test"]


def test_the_stacks_address_counts_before_what_the_instance_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proxy, "public_address", lambda: "198.51.100.1")
    assert proxy.certified(nameless(address=ADDRESS)) == (ADDRESS,)
    assert proxy.certified(nameless()) == ("198.51.100.1",)
    monkeypatch.setattr(proxy, "public_address", lambda: None)
    assert proxy.certified(nameless()) == ()
