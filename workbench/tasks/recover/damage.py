"""Find what of a stack's own is damaged or lost, and the copy that it can be brought back from."""

from dataclasses import dataclass
from dataclasses import field

from workbench.engine.copies import Copy
from workbench.engine.copies import get_copy
from workbench.engine.copies import read_copy
from workbench.engine.damage import StateDamagedError
from workbench.engine.failures import PassphraseError
from workbench.engine.stack_config import read_config_file
from workbench.engine.stacks import Stack
from workbench.engine.state import short_name
from workbench.errors import WorkbenchError
from workbench.remote.selection import find_project
from workbench.remote.unknown import Unknown
from workbench.remote.unknown import find_buckets
from workbench.remote.unknown import find_unknown
from workbench.remote.unknown import provider_settings

LOST, DAMAGED = "lost", "damaged"


@dataclass(frozen=True)
class Damage:
    """What is wrong with state and configuration, in a word each; empty where nothing is.

    ``passphrase`` is what the engine says of it; ``unknown`` is what AWS has and the state not.
    """

    state: str = ""
    configuration: str = ""
    passphrase: str = ""
    unknown: Unknown = field(default_factory=Unknown)

    def __bool__(self) -> bool:
        return bool(self.state or self.configuration or self.passphrase)


def find_copy(stack: str) -> Copy | None:
    """Return the newest copy there is, of this computer or in the workbench's bucket."""
    project = find_project()
    copies = [read_copy(stack, project)]
    try:
        copies += [get_copy(provider_settings(stack), each) for each in find_buckets(stack)]
    except Exception:  # whatever hinders the way to AWS: the copy here may do
        if copies == [None]:
            raise
    # Of another stack's bucket, whose tag was set manually, nothing may come here.
    usable = [each for each in copies if each and each.stack == short_name(stack)]
    return max(usable, key=lambda copy: copy.time, default=None)


def find_damage(opened: Stack, copy: Copy | None) -> Damage:
    """Return what is wrong; nothing is changed."""
    configuration = _configuration(opened, copy)
    text = opened.configuration_text
    if configuration and copy is not None:
        text = copy.configuration
    state, known = LOST, set[str]()
    if opened.exists():
        try:
            known = {each.id for each in opened.state().resources}
            state = ""
        except StateDamagedError:
            state = DAMAGED
    unknown = find_unknown(opened.name, known)
    if not state and unknown and not known:
        # An empty stack, made since under the same name.
        state = LOST
    return Damage(state, configuration, _passphrase(opened, text), unknown)


def _configuration(opened: Stack, copy: Copy | None) -> str:
    try:
        if opened.config_path.is_file() and read_config_file(opened.config_path) != {}:
            return ""
    except WorkbenchError:
        return DAMAGED
    # Pulumi makes a file without values along the way.
    return LOST if copy is not None and copy.has_configuration else ""


def _passphrase(opened: Stack, configuration: str) -> str:
    """Return what the engine says of the passphrase; empty where it fits."""
    try:
        opened.check_passphrase(configuration)
    except PassphraseError as error:
        return error.message
    except WorkbenchError:
        # Where the stack itself is lost, the engine says it when it is made again.
        return ""
    return ""
