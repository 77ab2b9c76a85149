from types import SimpleNamespace
from typing import Any

from workbench.remote.stack_state import StackState
from workbench.tasks.resize.stray_servers import stray_servers


def instance(identifier: str, name: str) -> dict[str, Any]:
    return {"InstanceId": identifier, "Tags": [{"Key": "Name", "Value": name}]}


def test_names_the_servers_that_nobody_knows_of_and_leaves_out_what_is_a_persons_own():
    group = [
        instance("i-serves", "lab-server-2"),
        instance("i-other", "lab-server"),
        instance("i-stray", "lab-server-2"),
        instance("i-theirs", "my-database"),
    ]

    def describe_instances(Filters: list[dict[str, Any]]) -> dict[str, Any]:
        asked = {each["Name"]: each["Values"] for each in Filters}
        assert "terminated" not in asked["instance-state-name"]
        if "instance-id" in asked:
            found = [each for each in group if each["InstanceId"] in asked["instance-id"]]
        else:
            assert asked["instance.group-id"] == ["sg-1"]
            found = group
        return {"Reservations": [{"Instances": found}]}

    outputs = {
        "instance_id": "i-serves",
        "other_instance_id": "i-other",
        "security_group_id": "sg-1",
    }
    state = StackState("test", outputs)
    state.aws = lambda service: SimpleNamespace(  # type: ignore[method-assign]
        describe_instances=describe_instances
    )

    assert stray_servers(state) == ["i-stray"]
