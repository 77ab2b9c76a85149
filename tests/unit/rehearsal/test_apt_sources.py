"""Which of a computer's apt sources the machine image is built from."""

import pytest

from workbench.rehearsal.machines.apt_sources import debian_sources

DEBIAN = 'ID=debian\nVERSION_CODENAME="trixie"\n'
LIST = "etc/apt/sources.list"
EXPECTED = (
    "Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\n\n"
    "Types: deb\nURIs: http://s.test/x\nSuites: bookworm-security\nComponents: main\n"
    "Signed-By: /k/debian-archive-keyring.gpg\n"
)


@pytest.fixture
def computer(tmp_path):
    """Write the files of a computer; return its root."""

    def write(files, release=DEBIAN):
        for name, text in {"etc/os-release": release, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_one_line_form(computer):
    text = (
        "# a comment\n"
        "deb http://mirror.test/debian trixie main contrib # ours\n"
        "deb [arch=amd64 signed-by=/k/debian-archive-keyring.gpg] http://s.test/x"
        " trixie-security main\n"
        "deb-src http://mirror.test/debian trixie main\n"
    )
    assert debian_sources("bookworm", computer({LIST: text})) == EXPECTED


def test_deb822_form(computer):
    text = (
        "Types: deb deb-src\nURIs: http://mirror.test/debian\nSuites: trixie\n"
        "Components: main contrib\n\n# a comment\n\n"
        "Types: deb\nURIs: http://s.test/x\nSuites: trixie-security\nComponents: main\n"
        "Signed-By: /k/debian-archive-keyring.gpg\n"
    )
    root = computer({"etc/apt/sources.list.d/debian.sources": text})
    assert debian_sources("bookworm", root) == EXPECTED


@pytest.mark.parametrize(
    "source",
    [
        "deb [signed-by=/k/vendor.gpg] https://vendor.test trixie main",
        "deb https://vendor.test/linux trixie stable",
        "deb https://vendor.test any-version main",
        "deb http://mirror.test/debian trixie-backports main",
        "#deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/debian bullseye main",
    ],
)
def test_others_sources_are_left_out(computer, source):
    assert debian_sources("bookworm", computer({LIST: source})) == ""


def test_a_disabled_source_is_left_out(computer):
    text = "Types: deb\nURIs: http://m.test\nSuites: trixie\nComponents: main\nEnabled: no\n"
    assert debian_sources("bookworm", computer({"etc/apt/sources.list.d/d.sources": text})) == ""


def test_files_that_apt_does_not_read_are_left_out(computer):
    text = "deb http://mirror.test/debian trixie main\n"
    root = computer({"etc/apt/sources.list.d/debian.list.disabled": text})
    assert debian_sources("bookworm", root) == ""


def test_ubuntu_has_none(computer):
    text = "deb http://mirror.test/ubuntu noble main\n"
    root = computer({LIST: text}, "ID=ubuntu\nVERSION_CODENAME=noble\n")
    assert debian_sources("bookworm", root) == ""


def test_a_list_of_mirrors_gives_its_first(computer):
    root = computer(
        {
            LIST: "deb mirror+file:/etc/apt/mirrors/debian.list stable main\n",
            "etc/apt/mirrors/debian.list": "# ours\nhttp://mirror.test/debian priority:1\n",
        }
    )
    assert "URIs: http://mirror.test/debian\nSuites: bookworm\n" in debian_sources("bookworm", root)


def test_an_old_security_suite_is_named_as_today(computer):
    root = computer({LIST: "deb http://m.test trixie/updates main\n"})
    assert "Suites: bookworm-security\n" in debian_sources("bookworm", root)


def test_a_key_within_the_source_is_kept(computer):
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n debian-archive\n -----END"
    text = f"Types: deb\nURIs: http://m.test\nSuites: trixie\nComponents: main\nSigned-By:{key}\n"
    root = computer({"etc/apt/sources.list.d/d.sources": text})
    assert debian_sources("bookworm", root).endswith(f"Signed-By:{key}\n")
