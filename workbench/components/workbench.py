"""A whole workbench: network, access, storage, recipe, server and address, put together."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import cast

import pulumi
import pulumi_aws as aws

from workbench.components.access import Access
from workbench.components.access import AccessArgs
from workbench.components.address import Address
from workbench.components.address import AddressArgs
from workbench.components.address import DnsRecord
from workbench.components.aws_values import check_instance_connect_id
from workbench.components.aws_values import check_security_group_id
from workbench.components.component import Component
from workbench.components.encryption import key_here
from workbench.components.entry import take_entry
from workbench.components.errors import ArgumentError
from workbench.components.instance_connect import InstanceConnectEndpoint
from workbench.components.instance_connect import InstanceConnectEndpointArgs
from workbench.components.instance_connect import let_in
from workbench.components.keys import taken_by
from workbench.components.late import checked
from workbench.components.machine_images import check_image
from workbench.components.machine_images import find_architecture
from workbench.components.machine_images import find_image
from workbench.components.names import camel_case
from workbench.components.network import Network
from workbench.components.network import NetworkArgs
from workbench.components.operating_systems import check_operating_system
from workbench.components.private_access import opened_to_vpc
from workbench.components.private_network import NAT
from workbench.components.r_versions import check_r_is_known
from workbench.components.recipe import Recipe
from workbench.components.recipe import RecipeArgs
from workbench.components.security_groups import find_groups
from workbench.components.server import DEFAULT_INSTANCE_TYPE
from workbench.components.server import Server
from workbench.components.server_slots import read_slots
from workbench.components.servers import create_servers
from workbench.components.services import check_services
from workbench.components.services import service_names
from workbench.components.settings import server_settings
from workbench.components.storage import Storage
from workbench.components.storage import StorageArgs
from workbench.components.validation import check_name
from workbench.components.workbench_args import KEYS
from workbench.components.workbench_args import WorkbenchArgs
from workbench.components.workbench_args import check_arguments
from workbench.components.workbench_args import usable
from workbench.host.software import rstudio
from workbench.host.software import rstudio_sha256


class Workbench(Component):
    """A server with R, Python, RStudio Server and JupyterHub, its data volume and its address."""

    url: pulumi.Output[str]
    """Where to go with a browser."""

    names: pulumi.Output[list[str]]
    """The names that point to the workbench, the domain first."""

    address: pulumi.Output[str]
    """The Elastic IP; with `public_access` false, the server's private address."""

    dns_records: pulumi.Output[list[DnsRecord]]
    """The records to create manually, for a domain managed outside this account's Route 53."""

    name_servers: pulumi.Output[Sequence[str]]
    """The new hosted zone's name servers; enter them where you bought the domain."""

    instance_id: pulumi.Output[str]
    """The server's instance."""

    instance_type: pulumi.Output[str]
    """Its type."""

    region: pulumi.Output[str]
    """The AWS region."""

    zone: pulumi.Output[str]
    """The availability zone of the server and its data volume."""

    administrator: pulumi.Output[str]
    """The administrator's account on the server."""

    users: pulumi.Output[list[str]]
    """The names of the people with an account."""

    data_volume_id: pulumi.Output[str]
    """The data volume."""

    security_group_id: pulumi.Output[str]
    """The server's security group."""

    role_name: pulumi.Output[str]
    """The server's role, for further policies."""

    bucket: pulumi.Output[str]
    """The bucket with the recipe and the settings."""

    recipe_sha256: pulumi.Output[str]
    """The SHA-256 of the recipe that the server converges to."""

    settings_sha256: pulumi.Output[str]
    """The SHA-256 of the settings that the server converges to."""

    outputs: pulumi.Output[dict[str, Any]]
    """All of these and more, as the commands need them; for the stack's output `workbenches`."""

    @classmethod
    def check(cls, name: str, args: WorkbenchArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        check_name(name, "The name of a Workbench")
        check_arguments(args)

    def __init__(
        self, name: str, args: WorkbenchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Workbench", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        self._args = args
        if (entrance := args.get("entrance")) is not None:
            take_entry(entrance)
        self._is_public = args.get("public_access") is not False
        self._instance_type = args.get("instance_type") or DEFAULT_INSTANCE_TYPE
        # Asked first: with an unknown instance type, nothing is to be made.
        architecture = self._find_architecture(self._instance_type)
        architectures = {self._instance_type: architecture}
        if other_type := read_slots(args).other_type:
            architectures[other_type] = self._find_architecture(other_type)
        system = check_operating_system(args.get("os"), "os")
        check_r_is_known(args, system, {*architectures.values()})
        chosen = args.get("ami")
        self._chosen_image = None if chosen is None else check_image(chosen, architectures, self)
        self._image = self._chosen_image or find_image(system, architecture, self)
        self.region = aws.get_region_output(opts=pulumi.InvokeOptions(parent=self)).region
        self._entry = usable("entrance", args)
        self._key = key_here(args.get("kms_key_id"), self.region)
        network, storage = self._create_places(name)
        access = self._create_access(name, network)
        # Before the server, whose settings say where people reach it.
        public = self._create_address(name, network) if self._is_public else None
        recipe = self._create_recipe(name, access, storage, public)
        self._way_in = self._find_way_in(name, network, access)
        server = self._create_server(name, network, access, storage, recipe)
        if public is not None:
            public.associate(server.instance_id)
        address = public or self._create_address(name, network, server.private_ip)
        if self._entry is not None:
            self._put_behind(name, self._entry, server)
        self.zone = network.availability_zone
        self.data_volume_id = storage.volume_id
        self.security_group_id = access.security_group_id
        self.role_name = access.role_name
        self.bucket = recipe.bucket
        self.recipe_sha256 = recipe.recipe_sha256
        self.settings_sha256 = recipe.settings_sha256
        self.instance_id = server.instance_id
        self.instance_type = server.instance_type
        self.administrator = server.administrator
        self.address = address.ip
        self.names = address.names
        # Behind a load balancer, the names point to that.
        self.dns_records = (
            address.dns_records
            if self._entry is None
            else pulumi.Output.from_input(self._entry["dns_records"])
        )
        self.name_servers = address.name_servers
        self.url = address.url
        self.outputs = pulumi.Output.from_input(self._told())
        self.register_outputs(
            {camel_case(key): getattr(self, key) for key in type(self).__annotations__}
        )

    def stack_outputs(self) -> dict[str, pulumi.Output[Any]]:
        """Return what a stack with one workbench exports, for its users and for the tasks."""
        named = pulumi.Output.from_input({self.pulumi_resource_name: self.outputs})
        return {**self._told(), "workbenches": named}

    def _told(self) -> dict[str, pulumi.Output[Any]]:
        """Return each output by its name, and with them what follows from several."""
        known = (key for key in type(self).__annotations__ if key != "outputs")
        outputs = {key: getattr(self, key) for key in known}
        outputs["domain"] = self.names.apply(lambda names: names[0] if names else None)
        names = service_names(self._args.get("services"))
        outputs["services"] = pulumi.Output.from_input(names)
        for service in check_services(names, "services"):
            if service.path:
                outputs[service.url] = pulumi.Output.concat(self.url, service.path.lstrip("/"))
        if self._other is not None:
            outputs["other_instance_id"] = self._other.instance_id
        if self._entry is not None:
            outputs["entrance"] = self._entry["dns_name"]
            outputs["entrance_security_group_id"] = self._entry["security_group_id"]
        if self._way_in is not None:
            outputs["instance_connect_endpoint"] = self._way_in
        # A program may say it where no configuration does, and then the commands go by these.
        for key in ("public_access", "ssh_proxy_command"):
            if (given := self._args.get(key)) is not None:
                outputs[key] = pulumi.Output.from_input(given)
        return outputs

    def _find_architecture(self, instance_type: str) -> str:
        """Return an instance type's architecture, which RStudio Server has a package for."""
        architecture = find_architecture(instance_type, self)
        # The server installs its packages together: where one can't be had, it gets none.
        if "rstudio" not in service_names(self._args.get("services")):
            return architecture
        if rstudio_sha256(architecture) is None and self._args.get("rstudio_url") is None:
            raise ArgumentError(
                f"{instance_type} has a processor of ARM's architecture, and the package of "
                "RStudio Server that the recipe installs is for x86.",
                "Choose another type, for example t3.medium, or name a package for arm64; without "
                "rstudio_sha256 it needs Posit's signature:\n"
                f"  pulumi config set workbench:rstudioUrl {rstudio(architecture).url}",
            )
        return architecture

    def _create_places(self, name: str) -> tuple[Network, Storage]:
        """Create the network and the data volume, in one zone: whichever is there already leads."""
        chosen = self._taken_by("network")
        chosen["instance_type"] = self._instance_type
        if not self._is_public and "subnet_id" not in chosen:
            chosen.setdefault("private_network", NAT)
        # Until its Elastic IP is there, the server has no way out; another public address first
        # would only break its downloads when it goes.
        fresh = {} if "subnet_id" in chosen else {"map_public_ip_on_launch": False}
        volume = self._taken_by("storage") | self._encrypted() | self._backup_role()
        if "availability_zone" in chosen or ("volume_id" in volume and "subnet_id" not in chosen):
            # Where the volume can't be, no subnet is made: it would take the old one's place.
            volume |= {k: v for k, v in chosen.items() if k == "availability_zone"}
            storage = Storage(f"{name}-storage", cast(StorageArgs, volume), self._own)
            chosen["availability_zone"] = storage.availability_zone
            network = Network(f"{name}-network", cast(NetworkArgs, chosen | fresh), self._own)
            return network, storage
        network = Network(f"{name}-network", cast(NetworkArgs, chosen | fresh), self._own)
        volume["availability_zone"] = network.availability_zone
        return network, Storage(f"{name}-storage", cast(StorageArgs, volume), self._own)

    def _create_access(self, name: str, network: Network) -> Access:
        inside = {} if self._is_public else opened_to_vpc(network.vpc_id, self)
        by_group = ("instance_connect_endpoint", "instance_connect_group_id")
        if any(self._args.get(each) for each in by_group):
            inside.pop("ssh_from", None)
        args = {"vpc_id": network.vpc_id, **inside, **self._taken_by("access")}
        if self._entry is not None:
            args.pop("http_from", None)
            args["http_from_group"] = self._entry["security_group_id"]
        return Access(f"{name}-access", cast(AccessArgs, args), self._own)

    def _find_way_in(
        self, name: str, network: Network, access: Access
    ) -> pulumi.Output[str] | None:
        """Return the EC2 Instance Connect Endpoint that SSH goes through; make it if asked to."""
        if self._args.get("instance_connect_endpoint"):
            place = {
                "vpc_id": network.vpc_id,
                "subnet_id": network.subnet_id,
                "security_group_ids": [access.security_group_id],
            }
            args = cast(InstanceConnectEndpointArgs, place)
            return InstanceConnectEndpoint(f"{name}-instance-connect", args, self._own).endpoint_id
        existing = self._args.get("instance_connect_endpoint_id")
        if existing is None:
            return None
        group = self._args.get("instance_connect_group_id")
        if group is not None:
            group = checked(check_security_group_id, group, "instance_connect_group_id")
            let_in(f"{name}-instance-connect", "", group, access.security_group_id, self._own)
        known = checked(check_instance_connect_id, existing, "instance_connect_endpoint_id")
        return pulumi.Output.from_input(known)

    def _create_recipe(
        self, name: str, access: Access, storage: Storage, address: Address | None
    ) -> Recipe:
        ip = None if address is None else address.ip
        settings = server_settings(name, self._args, self.region, storage.volume_id, ip)
        self.users = pulumi.Output.from_input(settings["users"]).apply(
            lambda users: [user["name"] for user in users]
        )
        args = cast(RecipeArgs, {"settings": settings, **self._encrypted()})
        # What an existing role may do is its owner's to say.
        if self._args.get("instance_profile") is None:
            args["role_name"] = access.role_name
        return Recipe(f"{name}-recipe", args, self._own)

    def _create_server(
        self, name: str, network: Network, access: Access, storage: Storage, recipe: Recipe
    ) -> Server:
        further = find_groups(self._args.get("security_group_ids") or [], network.vpc_id, self)
        args = {
            "subnet_id": network.subnet_id,
            "security_group_ids": [access.security_group_id, *further],
            "key_name": access.key_name,
            "instance_profile": access.instance_profile,
            "bucket": recipe.bucket,
            **self._taken_by("server"),
            **self._encrypted(),
            **({} if self._is_public else {"public_ip": False}),
            "instance_type": self._instance_type,
            "ami": self._image,
        }
        # The recipe must be there, and the way out to it, when the server boots.
        after = pulumi.ResourceOptions(parent=self, depends_on=[recipe, network, access])
        slots = read_slots(self._args)
        server, self._other = create_servers(
            name, args, slots, storage.volume_id, self._chosen_image, after
        )
        return server

    def _put_behind(self, name: str, entry: Any, server: Server) -> None:
        """Have a load balancer send requests to the server, whichever that is by now."""
        aws.lb.TargetGroupAttachment(
            f"{name}-entrance",
            target_group_arn=entry["target_group_arn"],
            target_id=server.instance_id,
            opts=self._own,
        )

    def _create_address(
        self, name: str, network: Network, ip: pulumi.Output[str] | None = None
    ) -> Address:
        names = self._taken_by("address") | ({} if ip is None else {"ip": ip})
        after = pulumi.ResourceOptions(parent=self, depends_on=[network])
        return Address(f"{name}-address", cast(AddressArgs, names), after)

    def _encrypted(self) -> dict[str, Any]:
        return {} if self._key is None else {"kms_key_id": self._key}

    def _backup_role(self) -> dict[str, Any]:
        asked: Mapping[str, Any] = self._args.get("role") or {}
        role = {key: value for key, value in asked.items() if key != "policy_arns"}
        return {"backup_role": role} if role else {}

    def _taken_by(self, part: str) -> dict[str, Any]:
        """Return the arguments given that a part takes."""
        return taken_by(part, KEYS, self._args)
