"""Caddy's configuration for load balancers that do as AWS's application load balancers do."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from workbench.rehearsal.balancers.front import Action
from workbench.rehearsal.balancers.front import Certificate
from workbench.rehearsal.balancers.front import Front
from workbench.rehearsal.balancers.front import Group
from workbench.rehearsal.balancers.front import Node

# The socket that takes the next configuration, in the proxy's folder, where it runs: a socket's
# path may be 108 characters long, a rehearsal's folder longer, and what is elsewhere is left behind
# by a process that is killed.
ADMIN = "admin"
LOOPBACK = "127.0.0.1"
_TOLD = {"wrapper": "proxy_protocol", "allow": [f"{LOOPBACK}/32"], "fallback_policy": "require"}
# A front in one of its zones.
Place = tuple[Front, Node]
Ports = Mapping[tuple[str, int, str], int]


def key_of(front: Front, node: Node) -> tuple[str, int, str]:
    """Return what a front's place keeps while its action changes."""
    return front.balancer, front.port, node.private_ip


def write_configuration(
    fronts: list[Front],
    ports: Ports,
    upstreams: Callable[[Group], list[str]],
    pem_of: Callable[[Certificate], tuple[str, str]],
) -> dict[str, Any]:
    """Return the configuration; ``ports`` are those of loopback that each place listens on.

    ``upstreams`` returns where the requests to a group go, ``pem_of`` a certificate's chain and
    key.
    """
    certificates = {front.certificate for front in fronts if front.certificate is not None}
    servers = {
        f"{front.balancer.split('/')[-2]}-{front.port}-{node.private_ip}": _server(
            front, node, ports[key_of(front, node)], upstreams
        )
        for front in fronts
        for node in front.nodes
    }
    loaded = []
    for each in sorted(certificates, key=lambda each: each.arn):
        chain, key = pem_of(each)
        loaded.append({"certificate": chain, "key": key, "tags": [each.tag]})
    return {
        "admin": {"listen": f"unix/{ADMIN}", "config": {"persist": False}},
        "apps": {
            "http": {"servers": servers},
            "tls": {"certificates": {"load_pem": loaded}} if loaded else {},
        },
    }


def _server(
    front: Front, node: Node, port: int, upstreams: Callable[[Group], list[str]]
) -> dict[str, Any]:
    server: dict[str, Any] = {
        "listen": [f"{LOOPBACK}:{port}"],
        # Who opens the ports that security groups allow says by it whose connection it passes on.
        "listener_wrappers": [
            {
                "wrapper": "proxy_protocol",
                "allow": [f"{LOOPBACK}/32"],
                "fallback_policy": "require",
            },
            {"wrapper": "tls"},
        ],
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable": True},
        # What a client says of itself is handed on, and its address put behind it (AWS's "append").
        "trusted_proxies": {"source": "static", "ranges": ["0.0.0.0/0", "::/0"]},
        "routes": [{"handle": [_handler(front, node, upstreams)]}],
    }
    if front.certificate is not None:
        name = front.certificate.names[0]
        server["tls_connection_policies"] = [
            {
                "certificate_selection": {"any_tag": [front.certificate.tag]},
                "protocol_min": "tls1.2",
                # A client that names nothing, or something else, is shown it all the same.
                "default_sni": name,
                "fallback_sni": name,
            }
        ]
    return server


def _handler(front: Front, node: Node, upstreams: Callable[[Group], list[str]]) -> dict[str, Any]:
    action = front.action
    if action.group is not None:
        return _forward(front, node, action.group, upstreams(action.group))
    return _redirect(front, action) if action.type == "redirect" else _fixed(action)


def _forward(front: Front, node: Node, group: Group, upstreams: list[str]) -> dict[str, Any]:
    if not group.targets:
        return _answer("503", "Service Temporarily Unavailable")
    if not upstreams:
        return _answer("504", "Gateway Time-out")
    transport: dict[str, Any] = {
        "protocol": "http",
        "local_address": node.private_ip,
        "dial_timeout": "10s",
        "compression": False,
        "versions": ["1.1"],
        "keep_alive": {"idle_timeout": f"{front.idle}s"},
    }
    if group.tls:
        # A load balancer looks at no target's certificate, and tells it no name.
        transport["tls"] = {"insecure_skip_verify": True}
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": each} for each in upstreams],
        "transport": transport,
        "flush_interval": -1,
        # Another configuration breaks nobody's WebSocket off.
        "stream_close_delay": f"{front.idle}s",
        "headers": {
            "request": {
                "set": {
                    # Where it goes on by HTTPS, Caddy would name the target's address.
                    "Host": ["{http.request.hostport}"],
                    "X-Forwarded-Proto": ["https" if front.tls else "http"],
                    "X-Forwarded-Port": [str(front.port)],
                    "X-Amzn-Trace-Id": ["Root={http.request.uuid}"],
                },
                "delete": ["Via"],
            },
            "response": {"delete": ["Via"]},
        },
    }


def _redirect(front: Front, action: Action) -> dict[str, Any]:
    given = dict(action.configuration)
    path, query = given.get("Path", "/#{path}"), given.get("Query", "#{query}")
    # Without a query there is no question mark either.
    is_same = (path, query) == ("/#{path}", "#{query}")
    where = "{http.request.uri}" if is_same else f"{path}?{query}"
    address = (
        f"{given.get('Protocol', '#{protocol}').lower()}://{given.get('Host', '#{host}')}"
        f":{given.get('Port', '#{port}')}{where}"
    )
    for placeholder, value in (
        ("#{protocol}", "https" if front.tls else "http"),
        ("#{host}", "{http.request.host}"),
        ("#{port}", str(front.port)),
        ("/#{path}", "{http.request.uri.path}"),
        ("#{query}", "{http.request.uri.query}"),
    ):
        address = address.replace(placeholder, value)
    return {
        "handler": "static_response",
        "status_code": given.get("StatusCode", "HTTP_301").removeprefix("HTTP_"),
        "headers": {"Location": [address], "Server": ["awselb/2.0"]},
    }


def _fixed(action: Action) -> dict[str, Any]:
    given = dict(action.configuration)
    return _answer(
        given.get("StatusCode", "200"),
        given.get("MessageBody", ""),
        given.get("ContentType", "text/plain"),
    )


def _answer(status: str, body: str, kind: str = "text/plain") -> dict[str, Any]:
    return {
        "handler": "static_response",
        "status_code": status,
        "headers": {"Content-Type": [kind], "Server": ["awselb/2.0"]},
        "body": body,
    }
