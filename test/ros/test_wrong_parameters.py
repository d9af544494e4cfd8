"""A node with a wrong parameter ends with one line that says what is wrong."""

import pytest

rclpy = pytest.importorskip("rclpy")


pytestmark = pytest.mark.ros
WATCH = ["joint_states", "object_pose", "policy_state"]
POLICY = "models/policies/leap_yaw"


@pytest.mark.parametrize(
    ("executable", "parameters", "said"),
    [
        ("policy_node", {"hand": "leap", "policy": POLICY, "workspace_radius_m": 0.1, "polcy": 1}, "polcy"),
        ("policy_node", {"hand": "leap", "policy": "models/policies/nope", "workspace_radius_m": 0.1}, "leap_yaw"),
        ("policy_node", {"hand": "leap", "policy": POLICY}, "workspace_radius_m is missing"),
        (
            "hand_node",
            {
                "hand": "leap",
                "policy": POLICY,
                "hardware": "usb",
                "port": "",
                "shadow": False,
                "max_reboots_per_hour": 0,
            },
            "one of ['dynamixel', 'direct']",
        ),
        (
            "hand_node",
            {
                "hand": "leap",
                "policy": POLICY,
                "hardware": "direct",
                "port": "",
                "shadow": False,
                "max_reboots_per_hour": 0,
                "max_step_rad": 9.0,
            },
            "may only tighten",
        ),
        (
            "goal_node",
            {"hand": "leap", "task": "yaw", "seed": 0, "margin_rad": 0.0, "goal_max_rad": 7.0},
            "goal_max_rad is 7.0, expected 0 to 3.14159",
        ),
        ("safety_node", {"hand": "paw", "lifecycle_nodes": ["hand_node"], "watch": WATCH}, "it has ['dclaw', 'leap']"),
    ],
)
def test_a_wrong_parameter_ends_the_node_with_one_line_that_says_what_is_wrong(start, executable, parameters, said):
    process = start(executable, **parameters)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said in output and "Traceback" not in output
