"""Which certificate authorities of this computer a machine is given."""

import pytest

from workbench.rehearsal.machines.host_certificates import extra_certificates


def pem(name):
    return f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----"


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    files = {
        "usr/share/ca-certificates/mozilla/one.crt": pem("public"),
        "usr/local/share/ca-certificates/company/ca.crt": pem("company") + "\r\n",
        "usr/local/share/ca-certificates/README.txt": pem("no certificate's name"),
        "etc/ssl/certs/ca-certificates.crt": "\n".join(map(pem, ["public", "company", "proxy"])),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_those_the_distribution_does_not_bring(root):
    assert extra_certificates(root) == [pem("company"), pem("proxy")]


def test_the_bundle_that_the_environment_names(root, monkeypatch):
    bundle = root / "bundle.pem"
    bundle.write_text(pem("named") + pem("public"))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert pem("named") in extra_certificates(root)
    assert pem("public") not in extra_certificates(root)


def test_without_the_distributions_list_only_the_administrators_own(root):
    (root / "usr/share/ca-certificates/mozilla/one.crt").unlink()
    assert extra_certificates(root) == [pem("company")]


def test_none(tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert extra_certificates(tmp_path) == []
