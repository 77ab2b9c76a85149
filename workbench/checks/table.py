"""Every outcome check of the lab's server, in the order of the way from this computer to it."""

from workbench.checks.certificate import check_chain
from workbench.checks.certificate import check_expiry
from workbench.checks.check import Check
from workbench.checks.dns import check_dns
from workbench.checks.holders import check_holders
from workbench.checks.instance import check_encryption
from workbench.checks.instance import check_metadata
from workbench.checks.instance import check_running
from workbench.checks.instance import check_stack
from workbench.checks.load_balancer import check_load_balancer
from workbench.checks.names import check_names
from workbench.checks.network import check_inner_ports
from workbench.checks.network import check_security_group
from workbench.checks.packages import check_packages
from workbench.checks.packages import check_updates
from workbench.checks.privacy import check_privacy
from workbench.checks.quotas import check_own_room
from workbench.checks.quotas import check_quotas
from workbench.checks.rights import check_rights
from workbench.checks.server import check_converged
from workbench.checks.server import check_listeners
from workbench.checks.service_checks import log_of
from workbench.checks.service_checks import service_checks
from workbench.checks.services import check_services
from workbench.checks.shared_packages import check_shared_packages
from workbench.checks.shares import check_shares
from workbench.checks.snapshots import check_snapshots
from workbench.checks.ssh import check_host_key
from workbench.checks.ssh import check_ssh
from workbench.checks.ssh import check_ssh_port
from workbench.checks.system import check_clock
from workbench.checks.system import check_memory
from workbench.checks.volumes import check_attachment
from workbench.checks.volumes import check_disks
from workbench.checks.volumes import check_mount
from workbench.checks.volumes import check_reserve
from workbench.checks.web import check_landing
from workbench.checks.web import check_redirect
from workbench.checks.web_ports import check_web_ports
from workbench.host.service import Stage

UP = "workbench up --stack {stack}"
CONVERGE = "workbench converge --stack {stack}"
PROXY_LOG = log_of(Stage.WEB)

CHECKS: tuple[Check, ...] = (
    Check("stack", check_stack, (), UP, "stack"),
    Check("instance", check_running, ("stack",), UP, "instance"),
    Check("metadata", check_metadata, ("instance",), UP, "instance"),
    Check("encryption", check_encryption, ("instance",), "", "instance"),
    Check("data-volume", check_attachment, ("instance",), UP, "instance"),
    Check("dns", check_dns, ("stack",), UP, "dns"),
    Check("security-group", check_security_group, ("stack",), UP, "ports"),
    Check("load-balancer", check_load_balancer, ("instance",), UP, "ports", awaited=True),
    Check(
        "web-ports",
        check_web_ports,
        ("instance", "security-group"),
        CONVERGE,
        "ports",
        awaited=True,
    ),
    Check("inner-ports", check_inner_ports, ("instance",), UP, "ports", slow=True),
    Check("certificate", check_chain, ("web-ports",), CONVERGE, "tls", awaited=True),
    Check("ssh-port", check_ssh_port, ("instance",), UP, "ssh"),
    Check("host-key", check_host_key, ("ssh-port",), UP, "ssh"),
    Check("ssh", check_ssh, ("host-key",), "workbench ssh.keys.list --stack {stack}", "ssh"),
    Check("converged", check_converged, ("ssh",), CONVERGE, "server"),
    Check("packages", check_packages, ("ssh",), CONVERGE, "server"),
    Check("shared-packages", check_shared_packages, ("converged",), CONVERGE, "server"),
    Check("rights", check_rights, ("ssh",), CONVERGE, "server", slow=True),
    Check("server-names", check_names, ("ssh",), "", "server"),
    Check("clock", check_clock, ("ssh",), "", "server"),
    Check("privacy", check_privacy, ("ssh",), CONVERGE, "server"),
    Check("memory", check_memory, ("ssh",), "", "server"),
    Check("shares", check_shares, ("ssh",), CONVERGE, "server"),
    Check("updates", check_updates, ("ssh",), "", "server", slow=True),
    Check("mount", check_mount, ("ssh", "data-volume"), CONVERGE, "disk"),
    Check("disks", check_disks, ("ssh",), "", "disk"),
    Check("quotas", check_quotas, ("mount",), "", "disk"),
    Check("own-room", check_own_room, ("mount",), "", "disk"),
    Check("root-reserve", check_reserve, ("ssh",), "", "disk"),
    Check("services", check_services, ("ssh",), CONVERGE, "services"),
    Check("service-ports", check_holders, ("services",), CONVERGE, "services"),
    Check("listeners", check_listeners, ("ssh",), CONVERGE, "services"),
    Check("https-redirect", check_redirect, ("web-ports",), PROXY_LOG, "services"),
    Check("landing-page", check_landing, ("certificate",), PROXY_LOG, "services", awaited=True),
    *service_checks(),
    Check("certificate-expiry", check_expiry, ("certificate",), PROXY_LOG, "certificates"),
    Check("snapshots", check_snapshots, ("stack",), "", "snapshots"),
)
