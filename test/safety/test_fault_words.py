"""A fault is found in the text of a state, with what is said of it."""

import pytest

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.safety.fault_words import fault_code, fault_detail, fault_name


@pytest.mark.parametrize("code", FaultCode)
def test_a_state_names_its_fault_and_what_is_behind_it(code):
    assert fault_code(f"hold: {code}: if_mcp is 71 C") is code
    assert fault_detail(f"hold: {code}: if_mcp is 71 C") == "if_mcp is 71 C"
    assert "_" not in fault_name(code)


def test_a_text_without_a_fault_is_itself():
    assert fault_code("armed") is None and fault_detail("armed") == "armed"


def test_the_first_of_two_faults_counts():
    text = "hand_node hold: pose_stale: no image: camera_moved: seen elsewhere"
    assert fault_code(text) is FaultCode.POSE_STALE and fault_detail(text).startswith("no image")
