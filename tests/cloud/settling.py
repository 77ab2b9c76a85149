"""What the reconcile loop does when the machines have followed, without machines."""

from typing import Any


def settle(ec2: Any) -> None:
    """Let all volumes and instances be what was asked of them."""
    ec2.settle_network()
    for volume in list(ec2.volumes.values()):
        volume.made = True
        if volume.attachment and volume.attachment.status == "attaching":
            volume.attachment.status = "attached"
        elif volume.attachment and volume.attachment.status == "detaching":
            ec2.end_attachment(volume)
        for modification in volume.modifications:
            modification.done = True
    follow = {
        "pending": ec2.mark_running,
        "stopping": ec2.mark_stopped,
        "shutting-down": ec2.end_instance,
    }
    for instance in ec2.all_instances():
        follow.get(instance.state, lambda _: None)(instance)
