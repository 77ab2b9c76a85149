"""What a stack's configuration says, as its program reads it: typed, with the defaults.

The one place where tasks and checks get it from; none parses its text. The keys themselves are
defined in ``workbench.components.workbench_args``.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from workbench.components.names import key_of

# The keys that tasks write.
PUBLIC_KEY = key_of("public_key")
FURTHER_KEYS = key_of("administrator_keys")
SSH_FROM = key_of("ssh_from")
SSH_PROXY_COMMAND = key_of("ssh_proxy_command")
EXTRA_PORTS = key_of("extra_ports")
USERS = key_of("users")
SERVICES = key_of("services")
INSTANCE_TYPE = key_of("instance_type")
CURRENT_SERVER = key_of("current_server")
NEXT_TYPE = key_of("next_instance_type")
PREVIOUS_TYPE = key_of("previous_instance_type")
PROTECT = key_of("protect_instance")
VOLUME = key_of("data_volume_id")
SNAPSHOT = key_of("data_snapshot_id")
VOLUME_SIZE = key_of("data_volume_size")
ZONE = key_of("availability_zone")
SUBNET = key_of("subnet_id")
DOMAIN = key_of("domain")
ZONE_ID = key_of("zone_id")
CREATE_ZONE = key_of("create_zone")
BACKUP_SCHEDULE = key_of("backup_schedule")


class Configured:
    """A stack's configuration; a key is read, and its kind checked, when it is asked for.

    Raises ArgumentError, a ConfigError, where the text isn't of the key's kind. A key that tasks
    don't read needs no line here.
    """

    name: str
    public_key: str | None
    administrator_keys: Sequence[str]
    ssh_from: Sequence[str]
    http_from: Sequence[str]
    public_access: bool
    ssh_proxy_command: str | None
    instance_connect_endpoint: bool
    extra_ports: Sequence[Mapping[str, Any]]
    users: Sequence[Mapping[str, Any]] | None
    services: Sequence[str]
    domain: str | None
    host_name_per_user: bool
    create_zone: bool
    zone_id: str | None
    instance_type: str
    os: str
    current_server: str
    next_instance_type: str | None
    previous_instance_type: str | None
    root_volume_size: int
    data_volume_size: int | None
    data_volume_id: str | None
    data_snapshot_id: str | None
    keep_data_volume: bool
    backup_schedule: str
    backup_retention_days: int
    protect_instance: bool
    subnet_id: str | None
    availability_zone: str | None
    rstudio_url: str | None
    rstudio_sha256: str | None

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __getattr__(self, name: str) -> Any:
        if name not in type(self).__annotations__:
            raise AttributeError(name)
        # On demand: it imports Pulumi, which takes half a second.
        from workbench.components.configuration import read_value

        return read_value(self._texts, name)

    def has(self, *names: str) -> bool:
        """Say whether one of the keys is there, whatever its value."""
        return any(key_of(name) in self._texts for name in names)

    @property
    def all_administrator_keys(self) -> list[str]:
        """The administrator's public keys, the one of the key pair first."""
        first = (self.public_key or "").strip()
        return [*([first] if first else []), *self.administrator_keys]
