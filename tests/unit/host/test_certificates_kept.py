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


def failure(name: str, at: float) -> str:
    return json.dumps({"msg": proxy.FAILED, "identifier": name, "ts": at})


def test_only_failures_since_the_start_end_the_wait() -> None:
    others = ["not JSON", '"text"', json.dumps({"msg": "obtaining", "identifier": "a", "ts": 9.0})]
    log = "\n".join([failure("old", 4.9), *others, failure(ADDRESS, 5.1)])
    assert proxy.failed_names(log, 5.0) == {ADDRESS}


def test_a_start_is_new_by_the_clock_that_nobody_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy.time, "monotonic", lambda: 1000.0)
    limit = proxy.CERTIFICATE_SECONDS
    for ago, is_new in ((limit - 1, True), (limit + 1, False), (1000, False)):
        properties = {"StateChangeTimestampMonotonic": f"{(1000 - ago) * 1e6:.0f}"}
        monkeypatch.setattr(proxy, "unit_properties", lambda _, told=properties: told)
        assert proxy._just_started() is is_new


def test_nothing_is_waited_for_once_the_authority_refused_all(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = [failure("lab.test", 6.0)]
    monkeypatch.setattr(proxy, "_log", lambda: "\n".join(log))
    monkeypatch.setattr(proxy, "unit_properties", lambda _: {})
    monkeypatch.setattr(proxy, "changed_at", lambda _: 5.0)
    # The second name fails while the first one's failure is waited upon.
    monkeypatch.setattr(proxy.time, "sleep", lambda _: log.append(failure(ADDRESS, 6.1)))
    names = ["lab.test", ADDRESS]
    assert proxy._await(names) == names
    assert len(log) == 2
