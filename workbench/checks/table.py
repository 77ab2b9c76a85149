"""Every outcome check of the lab's server, in the order of the way from this computer to it."""

from workbench.checks.certificate import check_chain
from workbench.checks.certificate import check_expiry
from workbench.checks.check import Check
from workbench.checks.instance import check_encryption
from workbench.checks.instance import check_metadata
from workbench.checks.instance import check_running
from workbench.checks.instance import check_stack
from workbench.checks.kernels import check_kernels
from workbench.checks.network import check_dns
from workbench.checks.network import check_inner_ports
from workbench.checks.network import check_security_group
from workbench.checks.network import check_web_ports
from workbench.checks.server import check_converged
from workbench.checks.server import check_data_volume
from workbench.checks.server import check_disks
from workbench.checks.server import check_listeners
from workbench.checks.server import check_ssh
from workbench.checks.services import check_services
from workbench.checks.web import check_hub
from workbench.checks.web import check_hub_redirects
from workbench.checks.web import check_landing
from workbench.checks.web import check_redirect
from workbench.checks.web import check_rstudio
from workbench.checks.web import check_wrong_password

UP = "workbench up --stack {stack}"
CONVERGE = "workbench converge --stack {stack}"
PROXY_LOG = "sudo journalctl -u caddy -n 50   (on the server)"
HUB_LOG = "sudo journalctl -u jupyterhub -n 50   (on the server)"
RSTUDIO_LOG = "sudo journalctl -u rstudio-server -n 50   (on the server)"

CHECKS: tuple[Check, ...] = (
    Check("stack", check_stack, (), UP, "stack"),
    Check("instance", check_running, ("stack",), UP, "instance"),
    Check("metadata", check_metadata, ("instance",), UP, "instance"),
    Check("encryption", check_encryption, ("instance",), "", "instance"),
    Check("dns", check_dns, ("stack",), "pulumi stack output dns_records", "dns"),
    Check("security-group", check_security_group, ("stack",), UP, "ports"),
    Check("web-ports", check_web_ports, ("instance", "security-group"), PROXY_LOG, "ports"),
    Check("inner-ports", check_inner_ports, ("instance",), UP, "ports", slow=True),
    Check("certificate", check_chain, ("web-ports",), PROXY_LOG, "tls"),
    Check("certificate-expiry", check_expiry, ("certificate",), PROXY_LOG, "tls"),
    Check("ssh", check_ssh, ("instance",), "pulumi config get workbench:sshFrom", "ssh"),
    Check("converged", check_converged, ("ssh",), CONVERGE, "server"),
    Check("data-volume", check_data_volume, ("ssh",), UP, "disk"),
    Check("disks", check_disks, ("ssh",), "sudo du -xh --max-depth=2 / | sort -h | tail", "disk"),
    Check("services", check_services, ("ssh",), CONVERGE, "services"),
    Check("listeners", check_listeners, ("ssh",), CONVERGE, "services"),
    Check("https-redirect", check_redirect, ("web-ports",), PROXY_LOG, "services"),
    Check("landing-page", check_landing, ("certificate",), PROXY_LOG, "services"),
    Check("jupyterhub", check_hub, ("certificate",), HUB_LOG, "services"),
    Check("jupyterhub-sign-in", check_hub_redirects, ("jupyterhub",), HUB_LOG, "services"),
    Check("wrong-password", check_wrong_password, ("jupyterhub-sign-in",), HUB_LOG, "services"),
    Check("kernels", check_kernels, ("jupyterhub-sign-in",), HUB_LOG, "services", slow=True),
    Check("rstudio-sign-in", check_rstudio, ("certificate",), RSTUDIO_LOG, "services"),
)
