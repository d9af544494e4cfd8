"""Asking for a stop: every service at the same time, and each answer by name."""

import threading
import time

import pytest

rclpy = pytest.importorskip("rclpy")

from rclpy.callback_groups import ReentrantCallbackGroup
from std_srvs.srv import Trigger

from dexterity_ros.ros.requests import STOPS, Requests

pytestmark = pytest.mark.ros


class Services:
    """Answers on the test's node, in the order in which its executor hears them."""

    def __init__(self, graph, names, answer):
        self.asked, group = [], ReentrantCallbackGroup()
        for name in names:
            graph.node.create_service(Trigger, name, self._callback(name, answer), callback_group=group)

    def _callback(self, name, answer):
        def called(_request, response):
            self.asked.append(name)
            response.success, response.message = answer(name)
            return response

        return called


@pytest.fixture
def requests(graph):
    return Requests(graph.node, graph.spin)


def test_every_stop_is_called_and_says_what_it_answered(graph, requests):
    services = Services(graph, STOPS, lambda name: (name == "hand_node/estop", f"from {name}"))
    assert requests.stop_everything() == {
        "safety_node/estop": (False, "from safety_node/estop"),
        "hand_node/estop": (True, "from hand_node/estop"),
    }
    assert sorted(services.asked) == sorted(STOPS)


@pytest.mark.parametrize("there", STOPS)
def test_a_stop_that_is_not_there_keeps_no_other_from_being_called_at_once(graph, requests, there):
    at = []
    Services(graph, [there], lambda name: (at.append(time.monotonic()), (True, "torque off"))[1])
    graph.spin_until(requests._clients[there].service_is_ready)
    start = time.monotonic()
    answers = requests.stop_everything()
    [missing] = set(STOPS) - {there}
    assert answers == {there: (True, "torque off"), missing: (False, f"no service {missing}")}
    assert at[0] - start < 0.5


def test_a_stop_that_does_not_answer_is_named_and_the_other_is_done(graph):
    """The silent one is a server that nobody spins."""
    silent = rclpy.node.Node("silent")
    silent.create_service(Trigger, "safety_node/estop", lambda _request, response: response)
    Services(graph, ["hand_node/estop"], lambda _: (True, "torque off"))
    requests = Requests(graph.node, graph.spin)
    answers = requests.stop_everything()
    assert answers["hand_node/estop"] == (True, "torque off")
    assert answers["safety_node/estop"] == (False, "safety_node/estop did not answer within 2 s")
    silent.destroy_node()


def test_threads_may_ask_at_the_same_time(graph):
    services = Services(graph, (*STOPS, "safety_node/prepare"), lambda name: (True, name))
    requests, answers = Requests(graph.node), {}
    asking = [
        threading.Thread(target=lambda k=k: answers.update({k: requests.stop_everything()}), daemon=True)
        for k in range(5)
    ]
    asking.append(threading.Thread(target=lambda: answers.update(prepare=requests.prepare()), daemon=True))
    for one in asking:
        one.start()
    assert graph.spin_until(lambda: len(answers) == 6)
    assert answers["prepare"] == (True, "safety_node/prepare")
    assert all(answers[k] == {name: (True, name) for name in STOPS} for k in range(5))
    assert len(services.asked) == 11
