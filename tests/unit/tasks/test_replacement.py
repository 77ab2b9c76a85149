"""What the configuration says about a replacement: which stages are left."""

from types import SimpleNamespace

import pytest
from replacement_world import NEW
from replacement_world import OLD

from workbench.components.server_slots import FIRST
from workbench.components.server_slots import SECOND
from workbench.configured import INSTANCE_TYPE
from workbench.configured import NEXT_TYPE
from workbench.configured import PREVIOUS_TYPE
from workbench.configured import Configured
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.resize import replace_stages
from workbench.tasks.resize import replacement
from workbench.tasks.resize.replacement import Replacement
from workbench.tasks.resize.replacement import Stage
from workbench.tasks.resize.replacement import read_replacement


def test_it_knows_the_slots_as_the_components_do():
    assert (replacement.FIRST, replacement.SECOND) == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("config", "target", "stages"),
    [
        ({}, NEW, [Stage.BUILD, Stage.SWITCH, Stage.CHECK, Stage.END]),
        ({}, OLD, []),
        ({"next": NEW}, OLD, [Stage.END]),
        ({"type": NEW, "previous": OLD}, NEW, [Stage.SWITCH, Stage.CHECK, Stage.END]),
        ({"type": NEW, "previous": OLD}, OLD, [Stage.SWITCH_BACK, Stage.CHECK, Stage.END]),
    ],
)
def test_the_configuration_says_what_is_left_to_do(config, target, stages):
    now = Replacement(FIRST, config.get("type", OLD), config.get("next"), config.get("previous"))

    assert list(now.stages(target, "test")) == stages


@pytest.mark.parametrize("instance_type", [OLD, NEW])
def test_of_a_write_that_was_cut_off_the_servers_own_type_tells_the_way(instance_type):
    both = {NEXT_TYPE: NEW, PREVIOUS_TYPE: OLD, INSTANCE_TYPE: instance_type}

    now = read_replacement(Configured(both), OLD)

    assert (now.next_type is None) == (instance_type == NEW)
    assert now.other_type == (NEW if instance_type == OLD else OLD)


@pytest.mark.parametrize(
    ("names", "is_left"),
    [
        (["lab-server-instance"], False),
        (["lab-server-2-instance"], False),
        (["lab-server-instance", "lab-server-2-instance"], True),
    ],
)
def test_sees_a_server_that_pulumi_was_to_take_away(monkeypatch, names, is_left):
    from workbench.engine import stacks
    from workbench.engine.state import Resource
    from workbench.engine.state import State as Known

    kind = "aws:ec2/instance:Instance"
    known = Known(tuple(Resource(kind, name) for name in names))
    monkeypatch.setattr(stacks, "open_stack", lambda *_: SimpleNamespace(state=lambda: known))

    found = replace_stages.is_left_over(StackState("test"), Progress(quiet=True))

    assert found is is_left
