"""Elastic Load Balancing: application load balancers, their listeners, and their targets."""

from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import changed_tags
from .tags import read_tags
from .tags import tag_list
from .tags import tags_of
from .values import Properties

# AWS's names of what the plugin has as properties.
_BALANCER_ATTRIBUTES = {
    "enableDeletionProtection": "deletion_protection.enabled",
    "idleTimeout": "idle_timeout.timeout_seconds",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "preserveHostHeader": "routing.http.preserve_host_header.enabled",
    "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
}
_GROUP_ATTRIBUTES = {"deregistrationDelay": "deregistration_delay.timeout_seconds"}
_HEALTH_CHECK = {
    "path": "HealthCheckPath",
    "protocol": "HealthCheckProtocol",
    "port": "HealthCheckPort",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthyThreshold": "HealthyThresholdCount",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}


def _balancing(cloud: Cloud) -> Any:
    return cloud.client("elbv2")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(text: Any, like: Any) -> Any:
    """Return an attribute's text as a value of the kind that the default has."""
    if isinstance(like, bool):
        return str(text).lower() == "true"
    return int(text) if isinstance(like, int) else text


def _attributes(attributes: dict[str, str], given: Properties) -> list[dict[str, str]]:
    return [
        {"Key": name, "Value": _text(given[key])}
        for key, name in attributes.items()
        if key in given
    ]


def _read_attributes(
    names_of: dict[str, str], told: list[dict[str, str]], defaults: Properties
) -> Properties:
    values = {each["Key"]: each["Value"] for each in told}
    return {
        key: _value(values.get(name, defaults[key]), defaults[key])
        for key, name in names_of.items()
    }


def _update_tags(cloud: Cloud, identifier: str, change: Change) -> None:
    if not change.any_of("tags", "tagsAll"):
        return
    removed, added = changed_tags(change)
    if removed:
        _balancing(cloud).remove_tags(ResourceArns=[identifier], TagKeys=removed)
    if added:
        _balancing(cloud).add_tags(ResourceArns=[identifier], Tags=tag_list(added))


def _read_tags(cloud: Cloud, identifier: str, state: Properties) -> Properties:
    answer = _balancing(cloud).describe_tags(ResourceArns=[identifier])
    return read_tags(cloud, answer["TagDescriptions"][0]["Tags"], state)


def _tagged(inputs: Properties) -> dict[str, Any]:
    tags = tag_list(tags_of(inputs))
    return {"Tags": tags} if tags else {}


def create_balancer(cloud: Cloud, inputs: Properties) -> str:
    """Create a load balancer."""
    answer = _balancing(cloud).create_load_balancer(
        Name=inputs["name"],
        Type=inputs.get("loadBalancerType", "application"),
        Scheme="internal" if inputs.get("internal") else "internet-facing",
        Subnets=inputs.get("subnets") or [],
        SecurityGroups=inputs.get("securityGroups") or [],
        **_tagged(inputs),
    )
    return str(answer["LoadBalancers"][0]["LoadBalancerArn"])


def settle_balancer(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until a load balancer answers, and give it its attributes."""
    attributes = _attributes(_BALANCER_ATTRIBUTES, inputs)
    if attributes:
        _balancing(cloud).modify_load_balancer_attributes(
            LoadBalancerArn=identifier, Attributes=attributes
        )

    def is_active() -> bool:
        state = _describe_balancer(cloud, identifier)["State"]
        if state["Code"] == "failed":
            raise ProviderError(
                f"The load balancer {identifier.split('/')[-2]} failed: "
                f"{state.get('Reason') or 'no reason given'}"
            )
        return bool(state["Code"] == "active")

    cloud.wait(f"load balancer {identifier.split('/')[-2]} to be active", is_active)


def _describe_balancer(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = _balancing(cloud).describe_load_balancers(LoadBalancerArns=[identifier])
    found: dict[str, Any] = answer["LoadBalancers"][0]
    return found


def read_balancer(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a load balancer."""
    found = _describe_balancer(cloud, identifier)
    told = _balancing(cloud).describe_load_balancer_attributes(LoadBalancerArn=identifier)
    return {
        "arn": identifier,
        "arnSuffix": identifier.partition(":loadbalancer/")[2],
        "name": found["LoadBalancerName"],
        "loadBalancerType": found["Type"],
        "internal": found["Scheme"] == "internal",
        "dnsName": found["DNSName"],
        "zoneId": found["CanonicalHostedZoneId"],
        "vpcId": found["VpcId"],
        "securityGroups": sorted(found.get("SecurityGroups") or []),
        "subnets": sorted(each["SubnetId"] for each in found["AvailabilityZones"]),
        **_read_attributes(_BALANCER_ATTRIBUTES, told["Attributes"], BALANCER.defaults),
        **_read_tags(cloud, identifier, state),
    }


def update_balancer(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a load balancer in place."""
    if "securityGroups" in change:
        _balancing(cloud).set_security_groups(
            LoadBalancerArn=identifier, SecurityGroups=change.new["securityGroups"]
        )
    if "subnets" in change:
        _balancing(cloud).set_subnets(LoadBalancerArn=identifier, Subnets=change.new["subnets"])
    if change.any_of(*_BALANCER_ATTRIBUTES):
        settle_balancer(cloud, identifier, {**BALANCER.defaults, **change.new})
    _update_tags(cloud, identifier, change)


def delete_balancer(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a load balancer."""
    _balancing(cloud).delete_load_balancer(LoadBalancerArn=identifier)


def _health_check(inputs: Properties) -> dict[str, Any]:
    given = inputs.get("healthCheck") or {}
    request = {name: given[key] for key, name in _HEALTH_CHECK.items() if key in given}
    if "matcher" in given:
        request["Matcher"] = {"HttpCode": given["matcher"]}
    return request


def create_group(cloud: Cloud, inputs: Properties) -> str:
    """Create a target group."""
    answer = _balancing(cloud).create_target_group(
        Name=inputs["name"],
        Protocol=inputs.get("protocol"),
        Port=inputs.get("port"),
        VpcId=inputs.get("vpcId"),
        TargetType=inputs.get("targetType", "instance"),
        **_health_check(inputs),
        **_tagged(inputs),
    )
    return str(answer["TargetGroups"][0]["TargetGroupArn"])


def settle_group(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Give a target group its attributes."""
    attributes = _attributes(_GROUP_ATTRIBUTES, inputs)
    if attributes:
        _balancing(cloud).modify_target_group_attributes(
            TargetGroupArn=identifier, Attributes=attributes
        )


def read_group(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a target group."""
    answer = _balancing(cloud).describe_target_groups(TargetGroupArns=[identifier])
    found = answer["TargetGroups"][0]
    told = _balancing(cloud).describe_target_group_attributes(TargetGroupArn=identifier)
    return {
        "arn": identifier,
        "arnSuffix": identifier.rpartition(":")[2],
        "loadBalancerArns": sorted(found.get("LoadBalancerArns") or []),
        "name": found["TargetGroupName"],
        "protocol": found["Protocol"],
        "port": found["Port"],
        "vpcId": found["VpcId"],
        "targetType": found["TargetType"],
        "healthCheck": {
            "matcher": found["Matcher"]["HttpCode"],
            **{key: found[name] for key, name in _HEALTH_CHECK.items() if name in found},
        },
        **_read_attributes(_GROUP_ATTRIBUTES, told["Attributes"], GROUP.defaults),
        **_read_tags(cloud, identifier, state),
    }


def update_group(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a target group in place."""
    if "healthCheck" in change:
        _balancing(cloud).modify_target_group(
            TargetGroupArn=identifier, **_health_check(change.new)
        )
    if change.any_of(*_GROUP_ATTRIBUTES):
        settle_group(cloud, identifier, {**GROUP.defaults, **change.new})
    _update_tags(cloud, identifier, change)


def delete_group(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a target group."""
    _balancing(cloud).delete_target_group(TargetGroupArn=identifier)


def _target(inputs: Properties) -> dict[str, Any]:
    port = {"Port": inputs["port"]} if "port" in inputs else {}
    return {"Id": inputs["targetId"], **port}


def register_target(cloud: Cloud, inputs: Properties) -> str:
    """Put a target into a group."""
    group = inputs["targetGroupArn"]
    _balancing(cloud).register_targets(TargetGroupArn=group, Targets=[_target(inputs)])
    return f"{group}-{inputs['targetId']}"


def read_target(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read whether a target is in its group."""
    answer = _balancing(cloud).describe_target_health(
        TargetGroupArn=state["targetGroupArn"], Targets=[_target(state)]
    )
    health = answer["TargetHealthDescriptions"][0]["TargetHealth"]
    if health.get("Reason") in ("Target.NotRegistered", "Target.DeregistrationInProgress"):
        return None
    return {}


def deregister_target(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Take a target out of its group."""
    _balancing(cloud).deregister_targets(
        TargetGroupArn=state["targetGroupArn"], Targets=[_target(state)]
    )


def _actions(inputs: Properties) -> list[dict[str, Any]]:
    return [_action(each) for each in inputs["defaultActions"]]


def _action(given: Properties) -> dict[str, Any]:
    action: dict[str, Any] = {"Type": given["type"]}
    if given["type"] == "forward":
        action["TargetGroupArn"] = given["targetGroupArn"]
    elif given["type"] == "redirect":
        redirect = given["redirect"]
        action["RedirectConfig"] = {
            "Protocol": redirect.get("protocol", "#{protocol}"),
            "Host": redirect.get("host", "#{host}"),
            "Port": redirect.get("port", "#{port}"),
            "Path": redirect.get("path", "/#{path}"),
            "Query": redirect.get("query", "#{query}"),
            "StatusCode": redirect["statusCode"],
        }
    elif given["type"] == "fixed-response":
        fixed = given["fixedResponse"]
        action["FixedResponseConfig"] = {
            "ContentType": fixed["contentType"],
            "MessageBody": fixed.get("messageBody", ""),
            "StatusCode": fixed.get("statusCode", "200"),
        }
    else:
        raise ProviderError(
            f"The rehearsal's load balancers don't know the action {given['type']!r}.",
            "They know forward, redirect and fixed-response.",
        )
    return action


def _listener(inputs: Properties) -> dict[str, Any]:
    request = {
        "Port": inputs.get("port"),
        "Protocol": inputs.get("protocol"),
        "SslPolicy": inputs.get("sslPolicy"),
        "DefaultActions": _actions(inputs),
    }
    if arn := inputs.get("certificateArn"):
        request["Certificates"] = [{"CertificateArn": arn}]
    return {key: value for key, value in request.items() if value is not None}


def create_listener(cloud: Cloud, inputs: Properties) -> str:
    """Create a listener."""
    answer = _balancing(cloud).create_listener(
        LoadBalancerArn=inputs["loadBalancerArn"], **_listener(inputs), **_tagged(inputs)
    )
    return str(answer["Listeners"][0]["ListenerArn"])


def read_listener(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a listener; its actions stay as they were given."""
    answer = _balancing(cloud).describe_listeners(ListenerArns=[identifier])
    found = answer["Listeners"][0]
    certificates = found.get("Certificates") or []
    return {
        "arn": identifier,
        "loadBalancerArn": found["LoadBalancerArn"],
        "port": found["Port"],
        "protocol": found["Protocol"],
        "sslPolicy": (found.get("SslPolicy") or "") if found["Protocol"] == "HTTPS" else "",
        "certificateArn": certificates[0]["CertificateArn"] if certificates else None,
        **_read_tags(cloud, identifier, state),
    }


def update_listener(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a listener in place."""
    if change.keys - {"tags", "tagsAll"}:
        _balancing(cloud).modify_listener(ListenerArn=identifier, **_listener(change.new))
    _update_tags(cloud, identifier, change)


def delete_listener(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a listener."""
    _balancing(cloud).delete_listener(ListenerArn=identifier)


BALANCER = ResourceType(
    type="aws:lb/loadBalancer:LoadBalancer",
    calls=Calls(create_balancer, read_balancer, delete_balancer, update_balancer, settle_balancer),
    inputs=frozenset(_BALANCER_ATTRIBUTES)
    | names("internal loadBalancerType name securityGroups subnets"),
    computed=names("arn arnSuffix dnsName vpcId zoneId"),
    chosen=names("securityGroups subnets"),
    replaces=names("internal loadBalancerType name"),
    defaults={
        "internal": False,
        "loadBalancerType": "application",
        "enableDeletionProtection": False,
        "idleTimeout": 60,
        "dropInvalidHeaderFields": False,
        "preserveHostHeader": False,
        "xffHeaderProcessingMode": "append",
    },
    normalise={"securityGroups": sorted, "subnets": sorted},
    name=AutoName(longest=32),
    tags=True,
)
GROUP = ResourceType(
    type="aws:lb/targetGroup:TargetGroup",
    calls=Calls(create_group, read_group, delete_group, update_group, settle_group),
    inputs=names("deregistrationDelay healthCheck name port protocol targetType vpcId"),
    computed=names("arn arnSuffix loadBalancerArns"),
    chosen=names("healthCheck"),
    replaces=names("name port protocol targetType vpcId"),
    defaults={"deregistrationDelay": 300, "targetType": "instance"},
    name=AutoName(longest=32),
    tags=True,
)
ATTACHMENT = ResourceType(
    type="aws:lb/targetGroupAttachment:TargetGroupAttachment",
    calls=Calls(register_target, read_target, deregister_target),
    inputs=names("port targetGroupArn targetId"),
    required=names("targetGroupArn targetId"),
)
LISTENER = ResourceType(
    type="aws:lb/listener:Listener",
    calls=Calls(create_listener, read_listener, delete_listener, update_listener),
    inputs=names("certificateArn defaultActions loadBalancerArn port protocol sslPolicy"),
    required=names("defaultActions loadBalancerArn"),
    computed=names("arn"),
    chosen=names("protocol sslPolicy"),
    replaces=names("loadBalancerArn"),
    tags=True,
)
ROWS = (BALANCER, GROUP, ATTACHMENT, LISTENER)
