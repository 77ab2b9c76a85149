"""What EC2 refuses about instances: unknown types, changes while running, wrong states."""

import base64
import copy
from collections.abc import Iterable
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.models.instances import InstanceState
from moto.ec2.models.instances import StateReason

from workbench.rehearsal.api.capacity import check_capacity
from workbench.rehearsal.api.capacity import zones_with_capacity

STATES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
# Attributes that EC2 changes on a stopped instance only.
_STOPPED_ONLY = {"instance_type", "user_data", "kernel", "ramdisk", "ebs_optimized"}
USER_DATA_LIMIT = 16384

# Instances, each with the state it had.
Moves = list[tuple[Any, Any]]


def set_state(instance: Any, name: str) -> None:
    """Give an instance a state by EC2's name of it."""
    instance._state = InstanceState(name, STATES[name])


class InstanceRules:
    """RunInstances and what follows, with the states an instance really goes through.

    An instance becomes ``pending``, ``stopping`` or ``shutting-down`` here; the reconcile loop
    takes it on to ``running``, ``stopped`` or ``terminated`` when its machine is.
    """

    def run_instances(
        self: Any,
        image_id: str,
        count: int,
        user_data: Any,
        security_group_names: Any,
        **kwargs: Any,
    ) -> Any:
        """Start instances, after the checks EC2 makes."""
        earlier = self._earlier_reservation(kwargs.get("client_token"))
        if earlier:
            return earlier
        self.describe_images(ami_ids=[image_id])
        self._check_type(kwargs["instance_type"], self.amis[image_id].architecture)
        self._choose_subnet(kwargs)
        self._check_placement(kwargs)
        self._check_capacity(kwargs)
        if user_data and len(base64.b64decode(str(user_data))) > USER_DATA_LIMIT:
            raise EC2ClientError(
                "InvalidParameterValue", f"User data is limited to {USER_DATA_LIMIT} bytes"
            )
        reservation = self._run(image_id, count, user_data, security_group_names, kwargs)
        for instance in reservation.instances:
            set_state(instance, "pending")
            instance.reboot_wanted = False
            if not instance.security_groups and instance.nics:
                # Those that the request gives its first interface are the instance's.
                instance.security_groups = [*instance.nics[0].group_set]
            for nic in instance.nics.values():
                # An interface that was made with the instance goes with it.
                if nic.description == "Primary network interface" or not kwargs.get("nics"):
                    nic.delete_on_termination = True
        return reservation

    def _run(
        self: Any, image_id: str, count: int, user_data: Any, names: Any, kwargs: dict[str, Any]
    ) -> Any:
        before = set(self.reservations)
        try:
            return super().run_instances(image_id, count, user_data, names, **kwargs)  # type: ignore[misc]
        except Exception:
            # moto lists a reservation before it knows that its instances can be made.
            for extra in set(self.reservations) - before:
                del self.reservations[extra]
            raise

    def _earlier_reservation(self: Any, token: str | None) -> Any:
        """Return what the same request made before: a retry must not make a second server."""
        if not token or token == "ABCDE":  # noqa: S105  (moto's stand-in for "none given")
            return None
        for reservation in self.reservations.values():
            if reservation.instances and reservation.instances[0].client_token == token:
                return reservation
        return None

    def start_instances(self: Any, instance_ids: list[str]) -> Moves:
        """Start stopped instances."""
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            self._require_state(instance, {"stopped", "pending", "running"}, "started")
            ami = self.amis.get(instance.image_id)
            self._check_type(
                instance.instance_type, ami.architecture if ami else instance.architecture
            )
            if instance.state == "stopped":
                zone = instance.placement.zone
                check_capacity(
                    self.region_name, instance.instance_type, zone, "Insufficient capacity."
                )
                # EC2 says when an instance was last started.
                instance.launch_time = utcnow()
        return _move(instances, "pending", {"stopped"})

    def stop_instances(self: Any, instance_ids: list[str]) -> Moves:
        """Stop running instances."""
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            self._require_state(instance, {"running", "stopping", "stopped"}, "stopped")
            if instance.disable_api_stop in (True, "true"):
                raise EC2ClientError(
                    "OperationNotPermitted",
                    f"The instance '{instance.id}' may not be stopped. Modify its 'disableApiStop'"
                    " instance attribute and try again.",
                )
        return _move(instances, "stopping", {"running"})

    def terminate_instances(self: Any, instance_ids: list[str]) -> Moves:
        """Terminate instances, unless one is protected."""
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            if instance.disable_api_termination in (True, "true"):
                raise EC2ClientError(
                    "OperationNotPermitted",
                    f"The instance '{instance.id}' may not be terminated. Modify its"
                    " 'disableApiTermination' instance attribute and try again.",
                )
        return _move(instances, "shutting-down", set(STATES) - {"shutting-down", "terminated"})

    def reboot_instances(self: Any, instance_ids: list[str]) -> list[Any]:
        """Ask for a reboot; the state stays ``running``, as in EC2."""
        instances: list[Any] = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            self._require_state(instance, {"running"}, "rebooted")
        for instance in instances:
            instance.reboot_wanted = True
        return instances

    def mark_running(self, instance: Any) -> None:
        """Say that an instance's machine has started; give it a public address if it had none."""
        for nic in instance.nics.values():
            if nic.public_ip is None:
                nic.start()
        set_state(instance, "running")
        instance.state_reason = StateReason()
        instance._reason = ""

    def mark_stopped(
        self: Any,
        instance: Any,
        reason: str = "Client.UserInitiatedShutdown: User initiated shutdown",
    ) -> None:
        """Say that an instance's machine has stopped; only an Elastic IP stays with it."""
        elastic = {address.public_ip for address in self.addresses}
        for nic in instance.nics.values():
            if nic.public_ip not in elastic:
                nic.stop()
        set_state(instance, "stopped")
        _give_reason(instance, reason)

    def end_instance(self: Any, instance: Any, reason: str | None = None) -> None:
        """Take a terminated instance's parts off: addresses, volumes, interfaces.

        It may be called again after it failed halfway: what is gone already is passed over.
        """
        # Its root volume goes with it, which is refused while the instance is alive.
        set_state(instance, "shutting-down")
        for address in self.addresses:
            if address.eni in instance.nics.values():
                self.disassociate_address(address=address.public_ip)
        for nic in instance.nics.values():
            nic.delete_on_termination = nic.delete_on_termination and nic.id in self.enis
        instance.terminate()
        if reason:
            _give_reason(instance, reason)

    def _require_state(self, instance: Any, states: set[str], verb: str) -> None:
        if instance.state not in states:
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be {verb}.",
            )

    def modify_instance_attribute(self: Any, instance_id: str, key: str, value: Any) -> Any:
        """Change an attribute, where the instance's state allows it."""
        instance = self.get_instance(instance_id)
        if key in _STOPPED_ONLY:
            if instance.state != "stopped":
                raise EC2ClientError(
                    "IncorrectInstanceState",
                    f"The instance '{instance_id}' is not in the 'stopped' state.",
                )
            if key == "instance_type":
                self._check_type(value, instance.architecture, "InvalidInstanceAttributeValue")
                self._check_offered(value, instance.placement.zone)
        return super().modify_instance_attribute(instance_id, key, value)  # type: ignore[misc]

    def modify_instance_security_groups(
        self: Any, instance_id: str, new_group_id_list: list[str]
    ) -> Any:
        """Replace an instance's security groups; none given changes nothing."""
        instance = self.get_instance(instance_id)
        if not new_group_id_list:
            # moto ends here for every attribute it doesn't know, and would empty the list.
            return instance
        self.describe_security_groups(group_ids=new_group_id_list)
        for nic in instance.nics.values():
            nic._group_set = [self.get_security_group_from_id(each) for each in new_group_id_list]
        return super().modify_instance_security_groups(instance_id, new_group_id_list)  # type: ignore[misc]

    def _check_type(
        self: Any, name: str, architecture: str, code: str = "InvalidParameterValue"
    ) -> None:
        offered = INSTANCE_TYPE_OFFERINGS["region"].get(self.region_name, [])
        if not any(each["InstanceType"] == name for each in offered):
            raise EC2ClientError(code, f"Invalid value '{name}' for InstanceType.")
        found = self.describe_instance_types([name])[0]
        supported = found["ProcessorInfo"]["SupportedArchitectures"]
        if architecture not in supported:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"The architecture '{','.join(supported)}' of the specified instance type does not"
                f" match the architecture '{architecture}' of the specified AMI. Specify an"
                " instance type and an AMI that have matching architectures, and try again. You"
                " can use 'describe-instance-types' or 'describe-images' to discover the"
                " architecture of the instance type or AMI.",
            )

    def _check_offered(self: Any, name: str, zone: str) -> None:
        offered = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(self.region_name, [])
        zones = sorted(each["Location"] for each in offered if each["InstanceType"] == name)
        if zone not in zones:
            raise EC2ClientError(
                "Unsupported",
                f"Your requested instance type ({name}) is not supported in your requested"
                f" Availability Zone ({zone}). Please retry your request by not specifying an"
                f" Availability Zone or choosing {', '.join(zones)}.",
            )

    def _check_capacity(self: Any, kwargs: dict[str, Any]) -> None:
        name, zone = kwargs["instance_type"], self._zone_of(kwargs)
        offered = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(self.region_name, [])
        zones = sorted(each["Location"] for each in offered if each["InstanceType"] == name)
        others = zones_with_capacity(self.region_name, name, zones)
        choose = (
            f" You can currently get {name} capacity by not specifying an Availability Zone in your"
            f" request or choosing {', '.join(others)}."
            if others
            else ""
        )
        check_capacity(
            self.region_name,
            name,
            zone,
            f"We currently do not have sufficient {name} capacity in the Availability Zone you"
            f" requested ({zone}). Our system will be working on provisioning additional"
            f" capacity.{choose}",
        )

    def _zone_of(self: Any, kwargs: dict[str, Any]) -> str:
        """Return the zone of the subnet that an instance is to be in."""
        nics = kwargs.get("nics") or []
        subnet = kwargs.get("subnet_id") or next(
            (each["SubnetId"] for each in nics if "SubnetId" in each), None
        )
        return str(self.get_subnet(subnet).availability_zone) if subnet else ""

    def _choose_subnet(self: Any, kwargs: dict[str, Any]) -> None:
        """Take the default VPC's subnet of the zone where none is named (moto: no network)."""
        if kwargs.get("subnet_id") or any("SubnetId" in each for each in kwargs.get("nics") or []):
            return
        defaults = [each for each in self.describe_subnets() if each.default_for_az]
        zone = kwargs.get("placement") or min(
            (each.availability_zone for each in defaults), default=""
        )
        for subnet in defaults:
            if subnet.availability_zone == zone:
                kwargs["subnet_id"] = subnet.id

    def _check_placement(self: Any, kwargs: dict[str, Any]) -> None:
        """Check zone and security groups against the subnet."""
        nics = kwargs.get("nics") or []
        subnet_id = kwargs.get("subnet_id") or next(
            (each["SubnetId"] for each in nics if "SubnetId" in each), None
        )
        if not subnet_id:
            return
        subnet = self.get_subnet(subnet_id)
        self._check_offered(kwargs["instance_type"], subnet.availability_zone)
        groups = [*kwargs.get("security_group_ids", [])]
        for nic in nics:
            groups += nic.get("Groups") or []
        for group_id in groups:
            group = self.get_security_group_from_id(group_id)
            if group and group.vpc_id != subnet.vpc_id:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"Security group {group_id} and subnet {subnet_id} belong to different"
                    " networks.",
                )


def _move(instances: Iterable[Any], state: str, sources: set[str]) -> Moves:
    """Give instances a state, where they are in one of ``sources``; return what they were."""
    moved = []
    for instance in instances:
        previous = copy.copy(instance._state)
        if previous.name in sources:
            set_state(instance, state)
        moved.append((instance, previous))
    return moved


def _give_reason(instance: Any, reason: str) -> None:
    instance.state_reason = StateReason(reason, reason.partition(":")[0])
    if reason.startswith("Client.User"):
        instance._reason = f"User initiated ({utcnow():%Y-%m-%d %H:%M:%S UTC})"
    else:
        instance._reason = reason
