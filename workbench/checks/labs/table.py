"""Every check that a lab's steps name."""

from workbench.checks.check import Check
from workbench.checks.instance import check_encryption
from workbench.checks.instance import check_metadata
from workbench.checks.labs.access import check_alias
from workbench.checks.labs.access import check_authorized
from workbench.checks.labs.access import check_known_host
from workbench.checks.labs.access import check_sudo
from workbench.checks.labs.access import check_user
from workbench.checks.labs.hub import check_people
from workbench.checks.labs.instance import check_answers
from workbench.checks.labs.instance import check_group
from workbench.checks.labs.instance import check_instance
from workbench.checks.labs.instance import check_restarted
from workbench.checks.labs.instance import check_root_disk
from workbench.checks.labs.keys import check_key_mode
from workbench.checks.labs.keys import check_key_pair
from workbench.checks.labs.keys import check_own_key
from workbench.checks.labs.programs import check_hub_environment
from workbench.checks.labs.programs import check_r
from workbench.checks.labs.services import check_hub_service
from workbench.checks.labs.services import check_inside
from workbench.checks.labs.services import check_rstudio_service
from workbench.checks.labs.size import check_bigger
from workbench.checks.labs.size import check_biggest
from workbench.checks.labs.size import check_data_mount
from workbench.checks.labs.size import check_data_volume
from workbench.checks.labs.size import check_grown
from workbench.checks.labs.size import check_kept
from workbench.checks.labs.size import check_note
from workbench.checks.labs.web import check_certificate
from workbench.checks.labs.web import check_doors
from workbench.checks.labs.web import check_elastic_ip
from workbench.checks.labs.web import check_kernel_https
from workbench.checks.labs.web import check_outside
from workbench.checks.labs.web import check_paths
from workbench.checks.labs.web import check_records
from workbench.checks.labs.web import check_renewal
from workbench.checks.labs.web import check_web_port
from workbench.checks.ssh import check_ssh
from workbench.checks.web import check_redirect
from workbench.checks.web import check_rstudio

# What must be there before the others can be asked.
_INSTANCE = ("lab-instance",)
_SERVER = ("lab-login",)

LAB_CHECKS: tuple[Check, ...] = (
    Check("lab-key-pair", check_key_pair),
    Check("lab-key-mode", check_key_mode),
    Check("lab-group", check_group),
    Check("lab-instance", check_instance),
    Check("lab-disk", check_root_disk, _INSTANCE),
    Check("lab-metadata", check_metadata, _INSTANCE),
    Check("lab-encryption", check_encryption, _INSTANCE),
    Check("lab-ssh-port", check_answers, _INSTANCE),
    Check("lab-login", check_ssh, ("lab-ssh-port",)),
    Check("lab-restarted", check_restarted, _INSTANCE),
    Check("lab-known-host", check_known_host, _INSTANCE),
    Check("lab-own-key", check_own_key),
    Check("lab-user", check_user, _SERVER),
    Check("lab-sudo", check_sudo, ("lab-user",)),
    Check("lab-authorized", check_authorized, ("lab-user", "lab-own-key")),
    Check("lab-alias", check_alias, _SERVER),
    Check("lab-r", check_r, ("lab-user",)),
    Check("lab-hub-environment", check_hub_environment, ("lab-user",)),
    Check("lab-hub-service", check_hub_service, _SERVER),
    Check("lab-people", check_people, ("lab-hub-service",)),
    Check("lab-rstudio", check_rstudio_service, _SERVER),
    # Where nothing listens yet, nothing listens outside.
    Check("lab-inside", check_inside, ("lab-hub-service", "lab-rstudio")),
    Check("lab-grown", check_grown, _INSTANCE),
    Check("lab-bigger", check_bigger, _SERVER),
    Check("lab-biggest", check_biggest, _SERVER),
    Check("lab-data-volume", check_data_volume, _INSTANCE),
    Check("lab-data-mount", check_data_mount, ("lab-login", "lab-data-volume")),
    Check("lab-note", check_note, ("lab-data-mount",)),
    Check("lab-kept", check_kept, ("lab-data-mount",)),
    Check("lab-doors", check_doors, _INSTANCE),
    Check("lab-web-port", check_web_port, _SERVER),
    Check("lab-outside", check_outside, _SERVER),
    Check("lab-paths", check_paths, ("lab-web-port", "lab-doors")),
    Check("lab-elastic-ip", check_elastic_ip, _INSTANCE),
    Check("lab-records", check_records, ("lab-elastic-ip",)),
    Check("lab-certificate", check_certificate, ("lab-records",)),
    Check("lab-https-redirect", check_redirect, ("lab-certificate",)),
    Check("lab-renewal", check_renewal, ("lab-login", "lab-certificate")),
    Check("lab-rstudio-https", check_rstudio, ("lab-certificate",)),
    Check("lab-kernel-https", check_kernel_https, ("lab-certificate",)),
)
