"""The configuration of a rehearsal's stack: all that makes the same program run here."""

from collections.abc import Mapping
from pathlib import Path

from workbench.components.names import key_of
from workbench.configured import Configured
from workbench.engine.project import project_name
from workbench.engine.stack_config import Default
from workbench.engine.stack_config import Value
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import read_config_file
from workbench.engine.stacks import open_stack
from workbench.engine.state import projects_of
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.endpoints.served_package import find_package
from workbench.rehearsal.endpoints.served_package import find_r
from workbench.rehearsal.names import DEFAULT
from workbench.rehearsal.names import STACK
from workbench.rehearsal.names import check_name
from workbench.rehearsal.names import place_stack
from workbench.rehearsal.names import rehearsal_of
from workbench.rehearsal.names import stack_name
from workbench.rehearsal.registries import npm_registry
from workbench.rehearsal.registries import pypi_index
from workbench.remote.private_key import REHEARSAL_KEY
from workbench.tasks.ssh.key_files import make_key_pair
from workbench.writing import put_file

# By the Pulumi AWS provider's names. One that isn't listed would be asked of AWS itself.
SERVICES = (
    "acm",
    "autoscaling",
    "backup",
    "budgets",
    "cloudwatch",
    "dlm",
    "ebs",
    "ec2",
    "elbv2",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "pricing",
    "resourcegroupstaggingapi",
    "route53",
    "s3",
    "s3control",
    "secretsmanager",
    "servicequotas",
    "sns",
    "ssm",
    "sts",
)

ACME = key_of("acme_directory")


def rehearsal_configuration(description: Description) -> dict[str, Value]:
    """Return the configuration of the rehearsal's stack, for ``Stack.set_config``.

    What follows from the rehearsal is set each time; what is a person's choice (a ``Default``)
    only where the stack has none yet.
    """
    return {
        **_provider(description),
        **_certificates(description),
        **_packages(description),
        key_of("domain"): Default(domain(description.name), unless=is_set_up),
        key_of("create_zone"): Default(True, unless=is_set_up),
        key_of("ssh_from"): Default(["127.0.0.0/8"], unless=is_private),
        key_of("public_key"): Default(ensure_key(description.name)),
        key_of("os"): Default(_operating_system(description)),
    }


def is_set_up(configuration: Mapping[str, str]) -> bool:
    """Whether it was a rehearsal's before: one without a domain has none by choice."""
    return ACME in configuration


def is_private(configuration: Mapping[str, str]) -> bool:
    """Whether the server is for its VPC alone: this computer isn't in that."""
    configured = Configured(configuration)
    return configured.has("public_access") and not configured.public_access


def configure_project(description: Description, project: Path, progress: Progress) -> Path:
    """Give a project of your own the rehearsal's stack, configured; return the file it is in.

    The project may read nothing of ``workbench:…``; AWS's part is what every program there needs.
    """
    name = stack_name(description.name)
    others = [each for each in projects_of(name) if each != project_name(project)]
    if others:
        # What reads a rehearsal's state knows it by the stack's name alone.
        raise WorkbenchError(
            f"The rehearsal {description.name!r} is that of the project {others[0]!r} already.",
            "workbench rehearsal.config --name mine   uses another one",
        )
    stack = open_stack(name, project, progress, create=True)
    stack.set_config(rehearsal_configuration(description))
    return stack.config_path


def take_own_stack(stack: str, rehearsal: str | None, project: Path) -> str:
    """Let a project's own stack live in a rehearsal; return the rehearsal's name.

    Without a name of its own the rehearsal has the project's. Raises ConfigError for a stack that
    is configured for AWS itself, or has secrets, which only its own passphrase opens.
    """
    own = rehearsal_of(stack)
    if own is not None and stack in (STACK, f"{STACK}-{own}"):
        return own
    path = config_file(stack, project)
    if own is None:
        known = read_config_file(path)
        if known is None or (_is_of_aws(known) and "aws:endpoints" not in known):
            what = "has its own secrets" if known is None else "is configured for AWS itself"
            raise ConfigError(
                f"The stack {stack} {what} ({path.name}).",
                "pulumi stack init another   creates one for the rehearsal",
            )
        _forget_passphrase(path)
    name = check_name(rehearsal or own or project_name(project).lower().replace("_", "-"))
    place_stack(name, stack, project)
    return name


def _is_of_aws(configuration: dict[str, str]) -> bool:
    return any(key.startswith("aws:") for key in configuration)


def _forget_passphrase(path: Path) -> None:
    """Take out what fits the passphrase a stack was made with: the rehearsal's is another."""
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(("encryptionsalt:", "encryptedkey:"))]
        put_file(path, "".join(kept))


def domain(rehearsal: str) -> str:
    """Return the rehearsal's domain; browsers take any name below .localhost to this computer."""
    return "workbench.localhost" if rehearsal == DEFAULT else f"{rehearsal}.workbench.localhost"


def ensure_key(rehearsal: str) -> str:
    """Return the public half of the rehearsal's own SSH key; make the key on first use."""
    return make_key_pair(rehearsal_dir(rehearsal) / REHEARSAL_KEY, f"workbench-{rehearsal}")


def _provider(description: Description) -> dict[str, Value]:
    return {
        "aws:region": description.region,
        "aws:endpoints": [dict.fromkeys(SERVICES, description.api_url)],
        # Of no use anywhere else.
        "aws:accessKey": ACCESS_KEY,
        "aws:secretKey": SECRET_KEY,
        "aws:skipCredentialsValidation": True,
        "aws:skipMetadataApiCheck": True,
        "aws:skipRegionValidation": True,
        "aws:skipRequestingAccountId": True,
        "aws:s3UsePathStyle": True,
    }


def _certificates(description: Description) -> dict[str, Value]:
    """Return how the server gets its certificate.

    The authorities this computer trusts beyond its distribution's are in the machine image.
    """
    root = Path(description.acme_root).read_text(encoding="ascii")
    return {
        ACME: description.acme_directory,
        key_of("acme_root_certificate"): root,
    }


def _packages(description: Description) -> dict[str, Value]:
    """Return where the server gets packages from; nothing where the defaults do."""
    values: dict[str, Value] = {}
    found = find_package(description)
    if found is not None:
        values[key_of("rstudio_url")] = found.url
        values[key_of("rstudio_sha256")] = found.sha256
    if (r := find_r(description)) is not None:
        values[key_of("r_builds_url")] = r.url
        values[key_of("r_checksums")] = [f"{each}={digest}" for each, digest in r.sha256s.items()]
    for key, value in (("pypi_index", pypi_index()), ("npm_registry", npm_registry())):
        if value is not None:
            values[key_of(key)] = Default(value)
    return values


def _operating_system(description: Description) -> str:
    """Return the image there is; Ubuntu's, the default on AWS, if there are several."""
    images = sorted(description.images, reverse=True)
    return images[0] if images else "debian-12"
