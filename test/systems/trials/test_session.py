"""A trial begins when the recorder hears every node of the system by name; another one does not stand in for it."""

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from dexterity_ros.systems.operator import OperatorError
from dexterity_ros.systems.spec import NodeStart
from dexterity_ros.systems.trials.session import TrialSession


class Operator:
    """Waits for nothing: who is still missing when it should wait is in `missing`."""

    def __init__(self, session, nodes, messages=5):
        self.diagnostics = {"recorder_node: recording": {"nodes": nodes, "messages": messages}}
        self._session, self.missing = session, []

    def wait_for(self, what, condition, timeout_s, alive):
        if not condition():
            self.missing.append(what)
            raise OperatorError(what)


@pytest.fixture
def session(tmp_path):
    starts = [
        NodeStart(executable=name, parameters={"hand": "leap"}, essential=name != "viewer_node")
        for name in ("hand_node", "policy_node", "goal_node", "viewer_node", "recorder_node")
    ]
    return TrialSession(starts, {}, tmp_path / "log", (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("nodes", "missing"),
    [
        (["hand_node", "policy_node", "goal_node", "recorder_node"], []),
        (["hand_node", "goal_node", "viewer_node", "recorder_node", "stranger"], ["all heard"]),
        ("hand_node policy_node", ["all heard"]),
        (None, ["all heard"]),
    ],
)
def test_every_essential_node_is_waited_for_by_its_name(session, nodes, missing):
    session.operator = Operator(session, nodes)
    session._wait_for_recorder(lambda: None)
    assert session.operator.missing == missing


def test_a_recorder_that_hears_nothing_at_all_is_an_error(session):
    session.operator = Operator(session, [], messages=0)
    with pytest.raises(OperatorError, match="the recorder"):
        session._wait_for_recorder(lambda: None)


def test_a_node_is_known_by_the_name_before_the_colon():
    from dexterity_ros.ros.diagnostics import reporters

    status = [SimpleNamespace(name=name) for name in ("hand_node: loop", "hand_node: motors", "imu", "x" * 5000)]
    assert reporters(SimpleNamespace(status=status)) == {"hand_node", "imu", "x" * 100}
