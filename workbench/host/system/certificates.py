"""Certificate authorities that the server trusts besides its distribution's."""

from pathlib import Path

from workbench.host.run import commands

FOLDER = Path("/usr/local/share/ca-certificates")
PREFIX = "workbench-"


def ensure_authorities(certificates: tuple[str, ...], folder: Path = FOLDER) -> bool:
    """Make the server trust exactly these PEM certificates of ours; say whether that changed it."""
    if are_trusted(certificates, folder):
        return False
    wanted, present = _wanted(certificates), _present(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in present.keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="ascii")
    commands.run(["update-ca-certificates", "--fresh"])
    return True


def are_trusted(certificates: tuple[str, ...], folder: Path = FOLDER) -> bool:
    """Say whether the server trusts exactly these certificates of ours."""
    return _present(folder) == _wanted(certificates)


def _wanted(certificates: tuple[str, ...]) -> dict[str, str]:
    return {
        f"{PREFIX}{number}.crt": certificate.strip() + "\n"
        for number, certificate in enumerate(certificates, 1)
    }


def _present(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob(f"{PREFIX}*.crt")}
