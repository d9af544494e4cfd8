"""Launch files start the list of their system as `dexterity up` does; needs a ROS installation with launch."""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("launch_ros")

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.systems.spec import load_system

pytestmark = pytest.mark.ros
COMMON = {"namespace", "use_sim_time", "network"}
PROFILE = "FASTDDS_DEFAULT_PROFILES_FILE"


def described(path):
    spec = importlib.util.spec_from_file_location("launch_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description().entities


def actions(name, **typed):
    """Returns what a launch file does with these arguments, and the context after the environment was set."""
    from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable

    from launch import LaunchContext

    entities = described(data_root() / f"launch/{name}.launch.py")
    context = LaunchContext()
    context.launch_configurations.update(typed)
    for argument in (e for e in entities if isinstance(e, DeclareLaunchArgument)):
        argument.execute(context)
    (opaque,) = [e for e in entities if isinstance(e, OpaqueFunction)]
    found = opaque.execute(context)
    for action in (a for a in found if isinstance(a, SetEnvironmentVariable)):
        action.execute(context)
    return found, context


def nodes_of(found):
    from launch_ros.actions import Node

    return {action.node_executable: action for action in found if isinstance(action, Node)}


@pytest.fixture(autouse=True)
def environment():
    """Launch sets variables of this process."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize("name", ["sim", "real", "exercise", "eyes", "replay"])
def test_a_launch_file_declares_the_arguments_of_its_system_and_starts_its_nodes(name):
    from launch.actions import DeclareLaunchArgument

    entities = described(data_root() / f"launch/{name}.launch.py")
    declared = {e.name: e for e in entities if isinstance(e, DeclareLaunchArgument)}
    system = load_system(name)
    assert set(declared) == set(system.arguments) | COMMON
    assert all(argument.description for argument in declared.values())
    found, _ = actions(name)
    assert list(nodes_of(found)) == [node.executable for node in system.nodes if not node.when]


@pytest.mark.parametrize(("text", "expected"), [("yes", "true"), ("True", "true"), ("off", "false")])
def test_shadow_is_on_when_a_person_says_yes(text, expected):
    found, context = actions("sim", shadow=text)
    (parameters,) = nodes_of(found)["hand_node"]._Node__parameters
    by_name = {key[0].perform(context): value for key, value in parameters.items()}
    assert str(by_name["shadow"]).lower() == expected


@pytest.mark.parametrize(
    ("argument", "text", "said"),
    [
        ("shadow", "maybe", r"argument shadow: expected true, yes, on, .* got 'maybe'; the default is false"),
        ("seed", "1.5", "argument seed: expected a whole number, got '1.5'; the default is 0"),
        ("use_sim_time", "1", "argument use_sim_time: expected true"),
        ("network", "wifi", "argument network: expected localhost or lan, got 'wifi'"),
    ],
)
def test_a_value_that_an_argument_cannot_have_is_refused(argument, text, said):
    with pytest.raises(ConfigError, match=said):
        actions("sim", **{argument: text})


def test_nobody_else_joins_unless_the_network_is_opened():
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SUBNET"
    _, context = actions("sim")
    assert context.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert "127.0.0.1" in Path(context.environment[PROFILE]).read_text()
    os.environ.pop(PROFILE)
    _, context = actions("sim", network="lan")
    assert context.environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    assert "127.0.0.1" not in Path(context.environment[PROFILE]).read_text()


# From here on with `ros2 launch` itself and the installed package.
LAUNCH_FILE = """
from dexterity_ros.systems.launching import description
def generate_launch_description():
    return description({system!r})
"""


@pytest.fixture
def launched(bench, tmp_path):
    """`ros2 launch` of a hand on the test's motors, armed."""
    if shutil.which("ros2") is None:
        pytest.skip("there is no ros2 command")
    file = tmp_path / "standing.launch.py"
    file.write_text(LAUNCH_FILE.format(system=str(bench.file)))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "start_new_session": True}
    process = subprocess.Popen(["ros2", "launch", str(file)], text=True, **pipes)
    try:
        bench.arm()
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_however_launch_ends_no_node_lives_on_and_no_motor_has_torque(bench, launched, number):
    launched.send_signal(number)
    lasted_s, in_order = bench.end_in_order()
    assert lasted_s < 1.0 and (in_order or number is signal.SIGINT)  # which launch passes on to all at the same time
    assert (launched.wait(timeout=10.0) == 0) == (number is signal.SIGINT)


def test_launch_fails_when_a_node_ends_by_itself(bench, launched):
    os.kill(bench.holder("exercise_node"), signal.SIGKILL)
    assert bench.end_in_order()[0] < 2.0
    assert launched.wait(timeout=10.0) != 0
    assert "exercise_node ended by itself with status -9" in launched.stdout.read()
