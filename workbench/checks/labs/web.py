"""Lab 4: the proxy, the address that stays, its names and certificate, and the programs behind."""

import re
import socket
import ssl
from typing import Any
from urllib.parse import urljoin
from urllib.parse import urlsplit

import httpx

from workbench.checks.certificate import check_chain
from workbench.checks.certificate import read_certificate
from workbench.checks.check import Outcome
from workbench.checks.check import Result
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.http import BROWSER
from workbench.checks.http import TIMEOUT
from workbench.checks.http import AddressTransport
from workbench.checks.http import unverified_context
from workbench.checks.hub import session
from workbench.checks.kernels import CODE
from workbench.checks.labs.found import the_instance
from workbench.checks.labs.instance import EVERYONE
from workbench.checks.labs.instance import inbound_rules
from workbench.checks.labs.names import USER
from workbench.checks.target import Target

SSH, HTTP, HTTPS = 22, 80, 443
# Where what is listened to is heard on the server only.
LOCAL = re.compile(r"127\.|\[::1\]|\[::ffff:127\.|[^:]*%lo\b")
MOST_REDIRECTS = 8
CHOOSE = "pulumi config set workbench:domain example.org   (your own domain)"
# Of certbot's package, by apt or snap.
TIMERS = ("certbot.timer", "snap.certbot.renew.timer")


def check_doors(target: Target) -> Outcome:
    """Check that the server's security group opens the web's ports, and SSH's not to everyone."""
    ec2, ident = target.aws("ec2"), target.output("security_group_id")
    opened: dict[int, set[str | None]] = {}
    for rule in inbound_rules(ec2, ident):
        first, last = rule.get("FromPort"), rule.get("ToPort")
        if rule["IpProtocol"] != "tcp" or first != last or first not in (SSH, HTTP, HTTPS):
            told = f"{rule['IpProtocol']} {first} to {last}"
            return failed(f"{ident} opens more than the ports of SSH and the web: {told}")
        opened.setdefault(first, set()).add(rule.get("CidrIpv4") or rule.get("CidrIpv6"))
    if SSH in opened and opened[SSH] & set(EVERYONE):
        return failed(f"{ident} opens port {SSH} to the whole internet")
    if not opened.get(HTTP, set()) & set(EVERYONE):
        return failed(f"{ident} doesn't open port {HTTP} to everyone")
    return passed(f"{ident} opens {', '.join(str(port) for port in sorted(opened))}")


def check_web_port(target: Target) -> Outcome:
    """Check that what answers on port 80 is a service that starts when the server boots."""
    unit = _unit_at(target, HTTP)
    if not unit:
        return failed(f"nothing listens on port {HTTP} of the server")
    state = _ask(target, f"systemctl is-enabled {unit}")
    if state != "enabled":
        return failed(f"port {HTTP} is answered by {unit}, which won't start at the next boot")
    return passed(f"port {HTTP} is answered by {unit}, which starts at each boot")


def _unit_at(target: Target, port: int) -> str:
    """Return the unit of systemd's whose process listens on a port; empty where nobody does."""
    listening = _ask(target, f"sudo -n ss -Hltnp 'sport = :{port}'")
    process = re.search(r"pid=(\d+)", listening)
    return _ask(target, f"sudo -n ps -o unit= -p {process[1]}") if process else ""


def check_outside(target: Target) -> Outcome:
    """Check that the server listens to the outside at the ports of SSH and the web only."""
    heard = {}
    for line in _ask(target, "sudo -n ss -Hltnp").splitlines():
        local = line.split()[3]
        address, _, port = local.rpartition(":")
        program = re.search(r'\(\("([^"]+)"', line)
        if not LOCAL.match(address) and int(port) not in (SSH, HTTP, HTTPS):
            heard[int(port)] = program[1] if program else "someone"
    if heard:
        told = ", ".join(f"{port} ({program})" for port, program in sorted(heard.items()))
        return failed(f"only the security group keeps others from these ports: {told}")
    return passed("the programs only listen on the server itself")


def check_paths(target: Target) -> Outcome:
    """Check that JupyterHub and RStudio Server are both there, each below a path of its own.

    By http or, where that points there, by https: the certificate is another check's.
    """
    name = _host(target)
    answer = _follow(target, f"http://{name}/jupyter/hub/api", f"{name}/jupyter/")
    if isinstance(answer, str):
        return failed(answer)
    if answer.status_code != httpx.codes.OK or "version" not in _json(answer):
        return failed(f"{answer.request.url} → {answer.status_code}, which isn't JupyterHub's API")
    version = _json(answer)["version"]
    for path, form in (("/jupyter", "/jupyter/hub/login"), ("/rstudio", "auth-sign-in")):
        page = _follow(target, f"http://{name}{path}", f"{name}{path}")
        if isinstance(page, str):
            return failed(page)
        if page.status_code != httpx.codes.OK or form not in f"{page.request.url}{page.text}":
            return failed(
                f"{page.request.url} → {page.status_code}, not the sign-in page of {path}"
            )
    return passed(f"/jupyter is JupyterHub {version}, /rstudio is RStudio Server")


def _host(target: Target) -> str:
    """Return the name that the web server knows: before there is one, it is the address."""
    domain = str(target.outputs.get("domain") or "")
    return domain if domain and target.resolve(domain) == [target.where.ip] else target.where.ip


def _follow(target: Target, url: str, within: str) -> httpx.Response | str:
    """Return the answer at the end of redirects, or a sentence where one points elsewhere."""
    with httpx.Client(
        transport=AddressTransport(target.where, unverified_context()),
        headers={"User-Agent": BROWSER},
        timeout=TIMEOUT,
    ) as http:
        for _ in range(MOST_REDIRECTS):
            answer = http.get(url)
            if not answer.has_redirect_location:
                return answer
            url = urljoin(url, answer.headers["location"])
            parts = urlsplit(url)
            if not f"{parts.hostname}{parts.path}".startswith(within):
                return f"{answer.request.url} points elsewhere, to {url}"
    return f"{answer.request.url} keeps redirecting to another page"


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def check_elastic_ip(target: Target) -> Outcome:
    """Check that the server's address is an Elastic IP, and the only one that the lab has."""
    instance, ec2 = the_instance(target), target.aws("ec2")
    ident, ip = instance["InstanceId"], instance.get("PublicIpAddress")
    found = ec2.describe_addresses()["Addresses"]
    own = [each for each in found if each.get("InstanceId") == ident]
    if not own:
        idle = [each["PublicIp"] for each in found if not each.get("AssociationId")]
        said = f"{ip}, which is AWS's and changes" if ip else "nothing"
        told = f"; {', '.join(idle)} points to no server, but costs money" if idle else ""
        return failed(f"the server's address is {said}{told}")
    return passed(f"{own[0]['PublicIp']} stays with {ident} when it is stopped")


def check_records(target: Target) -> Outcome:
    """Check that the domain, and www before it, point to the server's address."""
    domain = str(target.outputs.get("domain") or "")
    if not domain:
        return failed("no domain is set", CHOOSE)
    wanted = target.where.ip
    for name in target.names:
        found = target.resolve(name)
        if found != [wanted]:
            told = ", ".join(found) or "nothing"
            return failed(f"{name} points to {told}, and the server is at {wanted}")
    return passed(f"{' and '.join(target.names)} point to {wanted}")


def check_certificate(target: Target) -> Outcome:
    """Check that both names have a certificate that browsers trust."""
    if not target.outputs.get("domain"):
        return failed("no domain is set", CHOOSE)
    where = target.where
    try:
        socket.create_connection((where.ip, where.port(HTTPS)), timeout=TIMEOUT).close()
        read_certificate(target, target.names[0], verify=False)
    except ssl.SSLError:
        return failed(f"what answers on port {HTTPS} doesn't use TLS")
    except OSError:
        return failed(f"nothing answers on port {HTTPS}")
    return check_chain(target)


def check_renewal(target: Target) -> Outcome:
    """Check that the certificate will be renewed: by certbot's timer, or by Caddy itself."""
    unit = _unit_at(target, HTTPS)
    if unit == "caddy.service":
        return passed("Caddy renews its certificates itself")
    shown = read_certificate(target, target.names[0], verify=False).serial_number
    command = f"sudo -n openssl x509 -noout -serial -in /etc/letsencrypt/live/{target.names[0]}"
    kept = _ask(target, f"{command}/fullchain.pem").removeprefix("serial=")
    if not kept or int(kept, 16) != shown:
        return failed(f"{unit} uses a certificate that certbot doesn't manage and won't renew")
    for timer in TIMERS:
        if _ask(target, f"systemctl is-enabled {timer}; systemctl is-active {timer}") == (
            "enabled\nactive"
        ):
            break
    else:
        return failed("no timer makes certbot renew it: it expires in 90 days")
    doors = check_doors(target)
    if doors.result is not Result.PASS:
        return failed(f"renewal would fail: {doors.evidence}")
    return passed(f"{timer} makes certbot renew it, through port {HTTP}")


def check_kernel_https(target: Target) -> Outcome:
    """Check that a notebook's kernel answers through the proxy, for whoever signs in."""
    password = target.password(USER)
    if not password:
        return failed(f"password.txt in {target.folder} doesn't have the password of {USER}")
    with session(target, USER, password) as signed_in:
        answer = signed_in.run("python", CODE["python"]).split()
    if answer != ["42", USER]:
        return failed(f"the kernel answered {' '.join(answer)!r}")
    return passed(f"a kernel of {USER} answers at https://{target.names[0]}/jupyter/")


def _ask(target: Target, command: str) -> str:
    return target.server().run(command, limit=30).stdout.strip()
