"""Print docs/configuration.md: ``python -m workbench.components.reference``.

What it says is what the docstrings of the arguments and of the components' outputs say.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from workbench.components.names import DEFAULT_NAME
from workbench.components.names import NAMESPACE
from workbench.components.names import snake_case
from workbench.components.plugin.package import infer_schema
from workbench.components.workbench_args import KEYS

_HEAD = f"""\
# Configuration

<!-- Made by `python -m workbench.components.reference`; a test keeps it in step. -->

## A stack's configuration

These are the keys that the program `stacks/lab` reads. Every key is in the namespace `{NAMESPACE}`:

```sh
eval "$(workbench env --stack prod)"
pulumi config set {NAMESPACE}:domain lab.example.org
pulumi config set {NAMESPACE}:sshFrom 203.0.113.7/32,198.51.100.0/24
pulumi config set --path '{NAMESPACE}:users[0].name' ada
pulumi config set --path '{NAMESPACE}:users[0].administrator' true
```

Set a list of strings as one string with commas, or with `--path`; set other lists and objects with
`--path`. A key that isn't in this table is refused, and so is a value of the wrong type. None of
these keys is for secrets.

The plane says what a key changes: resources in AWS, which `pulumi up` changes by itself; the
server, which `workbench up` or `workbench converge` changes with the recipe; or how commands on
your computer work.

Region and profile are keys of Pulumi's AWS provider: `aws:region` and `aws:profile`. If they aren't
set, AWS's own variables and files apply. Put a role to assume into a profile (`role_arn` in
`~/.aws/config`): with `aws:assumeRoles`, only Pulumi itself would have its permissions.
"""
_OUTPUTS = """\
## A stack's outputs

`pulumi stack output` shows these for a stack with one workbench, in addition to `domain`,
`services` and each service's URL, such as `jupyter_url`. In the output `workbenches`, each
workbench of a stack has all of them under its name
([org.md](org.md#several-workbenches-in-one-stack)).
"""
_COMPONENTS = """\
## The components

Import each from `workbench`; it takes a name, its arguments and Pulumi's resource options:

```python
from workbench import Network, Workbench

network = Network("team", {"cidr_block": "10.30.0.0/16"})
Workbench("lab", {"public_key": public_key, "subnet_id": network.subnet_id})
```

An argument of type *output or …* accepts another resource's output as well as a value, and so does
each item of a list of these. Any other argument decides what is created, so a preview must know it.

### Resource options

`protect`, `provider`, `providers`, `aliases` and `parent` reach everything a component makes, with
one exception. `protect` leaves out what everyday changes replace at no loss: security group rules,
the recipe and settings in the bucket, attached policies, DNS records, and a load balancer's
certificate. So `pulumi up` can remove an address from `ssh_from` or install a new release;
`workbench destroy` refuses before it deletes anything.

By Pulumi's own rules, `ignore_changes` and `depends_on` don't reach the parts: `ignore_changes` is
about the component alone, and `Server`, `Address` and `Entrance` pass `depends_on` to the parts
that need it. Whatever no argument offers, a transform changes in each part, such as an
organization's rules:

```python
import pulumi
from workbench import Workbench

BOUNDARY = "arn:aws:iam::123456789012:policy/team-boundary"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"


# Every role gets the boundary, every volume the key, and what can be tagged a tag.
def as_we_do(part):
    props, opts = part.props, part.opts
    if part.type_ == "aws:iam/role:Role":
        props["permissionsBoundary"] = BOUNDARY
    if part.type_ == "aws:ebs/volume:Volume":
        props["kmsKeyId"] = KEY
    if part.type_ == "aws:ec2/instance:Instance":
        props["rootBlockDevice"] = {**props["rootBlockDevice"], "kmsKeyId": KEY}
    if "tags" in props:
        props["tags"] = {**props["tags"], "CostCenter": "4711"}
    return pulumi.ResourceTransformResult(props, opts)


Workbench(
    "lab",
    {"public_key": open("id_ed25519.pub").read()},
    pulumi.ResourceOptions(transforms=[as_we_do]),
)
```

A transform uses Pulumi's own names for types and inputs, in camelCase; `pulumi preview --diff`
shows them. An existing data volume keeps its key: another one is ignored, so that no data is lost.
"""


# The key that has objects of a type.
_IN = {"Port": "extraPorts", "User": "users", "Packages": "packages", "Role": "role"}


def render_reference() -> str:
    """Return the whole reference in Markdown."""
    schema = infer_schema()
    components = {key.split(":")[-1]: value for key, value in schema["resources"].items()}
    types = {key.split(":")[-1]: value for key, value in schema["types"].items()}
    whole = components["Workbench"]
    told = {name: each for name, each in whole["properties"].items() if name != "outputs"}
    parts = [
        _HEAD,
        _table(_stack_rows(whole["inputProperties"], whole["requiredInputs"]), "Key", "Plane"),
        *(_type(name, types[name], camel=True) for name in _IN),
        _OUTPUTS,
        _table(_rows(told, [], camel=False, outputs=True), "Output"),
        _COMPONENTS,
    ]
    for name, component in components.items():
        parts += _component(name, component)
    parts += [_type(name, definition, camel=False) for name, definition in types.items()]
    return "\n".join(parts)


def _component(name: str, component: Mapping[str, Any]) -> list[str]:
    inputs = _rows(component["inputProperties"], component["requiredInputs"], camel=False)
    outputs = _rows(component["properties"], [], camel=False, outputs=True)
    return [
        f"### {name}\n\n{_text(component['description'])}\n",
        _table(inputs, "Argument"),
        _table(outputs, "Output"),
    ]


def _type(name: str, definition: Mapping[str, Any], camel: bool) -> str:
    made = name == "DnsRecord"
    rows = _rows(definition["properties"], definition.get("required", []), camel, outputs=made)
    title = f"An object in `{NAMESPACE}:{_IN[name]}`:" if camel else f"#### {name}"
    return f"{title}\n\n" + _table(rows, "Key")


Row = tuple[str, ...]


def _stack_rows(properties: Mapping[str, Any], required: list[str]) -> Iterator[Row]:
    name = f"The workbench's name, with which all names in AWS start. Default: `{DEFAULT_NAME}`."
    yield "`name`", "text", "AWS and server", name
    for key, kind, text in _rows(properties, required, camel=True):
        for other in properties:
            text = text.replace(f"`{snake_case(other)}`", f"`{other}`")
        yield key, kind, KEYS[snake_case(key.strip("`"))].plane, text


def _rows(
    properties: Mapping[str, Any], required: list[str], camel: bool, outputs: bool = False
) -> Iterator[Row]:
    for key, definition in properties.items():
        name = key if camel else snake_case(key)
        text = _text(definition.get("description", ""))
        needed = "**Needed.** " if key in required and not outputs else ""
        later = "" if outputs or definition.get("plain") or camel else "output or "
        yield f"`{name}`", later + _kind(definition), needed + text


def _table(rows: Iterator[Row], first: str, *more: str) -> str:
    titles = (first, "Type", *more, "What it is")
    lines = [titles, ("---",) * len(titles), *rows]
    marked = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([marked[0], marked[1].replace(" ", ""), *marked[2:]]) + "\n"


def _kind(definition: Mapping[str, Any]) -> str:
    reference = definition.get("$ref")
    if reference:
        return "any" if reference.endswith("/Any") else f"`{reference.split(':')[-1]}`"
    if definition["type"] == "array":
        return f"list of {_kind(definition['items'])}"
    kinds = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return kinds.get(definition["type"], "object")


def _text(docstring: str) -> str:
    return " ".join(docstring.split())


if __name__ == "__main__":
    print(render_reference(), end="")
