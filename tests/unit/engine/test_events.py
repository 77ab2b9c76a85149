"""What the engine's events say of a step is kept for who asks about it."""

from types import SimpleNamespace

from pulumi.automation.events import EngineEvent

from workbench.engine.events import Reporter
from workbench.progress import Progress

URN = "urn:pulumi:s::workbench::workbench:index:Server$aws:ec2/instance:Instance::lab-server"


def test_a_step_is_kept_with_what_it_changes():
    step = {"op": "update", "urn": URN, "type": "aws:ec2/instance:Instance"}
    event = {"sequence": 1, "timestamp": 1}
    reporter = Reporter(Progress(quiet=True), SimpleNamespace(tick=lambda text: None))
    # All that the Automation API wants of an old state.
    old = {"id": "i-1", "urn": URN, "type": step["type"], "parent": "", "provider": ""}
    new = {**old, "inputs": {"instanceType": "t3.large"}}
    for more in ({"diffs": ["instanceType"], "old": old, "new": new}, {}):
        told = {**event, "resourcePreEvent": {"metadata": {**step, **more}}}
        reporter.on_event(EngineEvent.from_json(told))
    assert [(op, each.id, each.changed, each.inputs) for op, each in reporter.changes] == [
        ("update", "i-1", ("instanceType",), {"instanceType": "t3.large"}),
        ("update", "", (), {}),
    ]
