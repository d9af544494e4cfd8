"""The list of nodes is what both launchers start, and says what is wrong with it."""

import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.systems.spec import (
    Argument,
    SystemSpec,
    load_system,
    node_parameters,
    parse_argument,
    read_arguments,
    resolve,
)

SYSTEMS = sorted(path.stem for path in (data_root() / "config/systems").glob("*.yaml"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_resolves_and_its_executables_exist(name):
    starts = resolve(load_system(name), {}, {})
    for start in starts:
        assert (data_root() / "libexec" / start.executable).exists()
        assert not any(str(value).startswith("$") for value in start.parameters.values())


def test_arguments_and_extra_parameters_replace_defaults():
    starts = {s.executable: s for s in resolve(load_system("sim"), {"seed": 7}, {"goal_node": {"goal_max_rad": 2.0}})}
    assert starts["goal_node"].parameters["seed"] == 7
    assert starts["goal_node"].parameters["goal_max_rad"] == 2.0


@pytest.mark.parametrize(
    ("name", "executables"),
    [
        ("sim", {"sim_node", "hand_node", "recorder_node"}),
        ("eyes", {"sim_node", "hand_node", "recorder_node"}),
        ("exercise", {"sim_node", "hand_node", "recorder_node"}),
        ("real", {"hand_node", "recorder_node", "camera_node", "pose_node"}),
    ],
)
def test_what_was_measured_of_one_hand_reaches_every_node_that_opens_it(name, executables):
    asked = {"robot": "mine.yaml", "record": "bag"} | ({"camera": "demo"} if name == "real" else {})
    starts = resolve(load_system(name), asked, {})
    told = {start.executable for start in starts if start.parameters.get("robot") == "mine.yaml"}
    assert told == executables


def test_eyes_is_sim_with_a_camera():
    sim, eyes = (
        {start.executable: start.parameters for start in resolve(load_system(n), {}, {})} for n in ("sim", "eyes")
    )
    assert set(eyes) - set(sim) == {"sim_camera_node", "pose_node"}
    assert eyes["sim_node"] == sim["sim_node"] | {"pose_rate_hz": 0.0}
    assert all(eyes[name] == sim[name] for name in sim if name != "sim_node")


def test_unknown_arguments_nodes_and_variables_are_refused():
    system = load_system("sim")
    with pytest.raises(ConfigError, match=r"no argument \['polcy'\]"):
        resolve(system, {"polcy": "x"}, {})
    with pytest.raises(ConfigError, match=r"no node \['camera'\]"):
        resolve(system, {}, {"camera": {}})
    content = config.to_mapping(system)
    content["nodes"][0]["parameters"]["hand"] = "$hnad"
    with pytest.raises(ConfigError, match=r"uses \$hnad"):
        resolve(config.from_mapping(SystemSpec, content, where="sim"), {}, {})


@pytest.mark.parametrize(
    "text",
    [
        "other_node: {ros__parameters: {a: 1}}",
        "sim_node: {a: 1}",
        "sim_node: 3",
        "sim_node: {ros__parameters: [1]}",
        "sim_node: {ros__parameters: {a: 1}, more: 2}",
        "{}",
    ],
)
def test_a_parameter_file_that_is_not_of_the_node_is_refused(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="must hold sim_node"):
        node_parameters(str(path), "sim_node")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.update(nodes=[]), "nodes has 0 entries, expected 1 to 100: a system without nodes would wait"),
        (lambda s: s["nodes"][0].update(executable="sin_node"), "has the executable sin_node; there are .*'sim_node'"),
        (lambda s: s["nodes"].append(s["nodes"][0]), "has sim_node more than once"),
        (lambda s: s["nodes"][0].update(when="vewer"), r"uses \$vewer, its arguments are"),
        (lambda s: s["nodes"][0].update(parameters_file="nowhere.yaml"), "no 'nowhere.yaml' here or in"),
        (lambda s: s["arguments"]["seed"].update(default=-1), "default is -1, expected 0 to"),
        (
            lambda s: s["arguments"]["seed"].update(default=[1]),
            r"default is \[1\], expected a text, a number, yes or no",
        ),
        (lambda s: s["arguments"]["hardware"].update(default="motors"), "expected one of"),
        (lambda s: s["arguments"]["seed"].update(default="1e9"), "default is '1e9', but range is of numbers"),
        (lambda s: s["arguments"]["hardware"].update(default=1), "default is 1, but range is of numbers and one_of of"),
        (lambda s: [node.update(when="record") for node in s["nodes"]], "starts no node"),
    ],
)
def test_a_system_that_would_wait_for_ever_is_refused(change, said):
    content = config.to_mapping(load_system("sim"))
    change(content)
    with pytest.raises(ConfigError, match=said):
        resolve(config.from_mapping(SystemSpec, content, where="sim"), {}, {})


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_number_that_a_system_asks_for_has_a_range(name):
    for argument in load_system(name).arguments.values():
        assert isinstance(argument.default, str | bool) or argument.range is not None


YES = Argument(default=True, about="what it does")
COUNT = Argument(default=2, about="how many", range=(0, 9))
SPEED = Argument(default=1.0, about="how fast", range=(0.1, 10.0))
NAME = Argument(default="leap", about="which")
KIND = Argument(default="a", about="which kind", one_of=("a", "b"))


@pytest.mark.parametrize(
    ("argument", "text", "value"),
    [
        (YES, "yes", True), (YES, "True", True), (YES, "on", True), (YES, "no", False), (YES, "false", False),
        (COUNT, "3", 3), (COUNT, "0", 0), (SPEED, "2", 2.0), (SPEED, "0.5", 0.5), (SPEED, "1.0e+1", 10.0),
        (NAME, "yes", "yes"), (NAME, "0123", "0123"), (NAME, "", ""), (NAME, "a: [b", "a: [b"), (KIND, "b", "b"),
    ],
)  # fmt: skip
def test_an_argument_is_typed_as_yaml_reads_it(argument, text, value):
    read = parse_argument(text, argument)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("argument", "text", "said"),
    [
        (YES, "maybe", r"shadow is 'maybe' \(str\), expected a bool; its default is True \(what it does\)"),
        (YES, "1", "expected a bool"),
        (YES, "", "expected a bool"),
        (COUNT, "3.0", "expected a whole number; its default is 2"),
        (COUNT, "10", "shadow is 10, expected 0 to 9"),
        (COUNT, "yes", "expected a whole number"),
        (COUNT, "9" * 6000, "a number of 6000 characters"),
        (SPEED, ".nan", "expected a finite number"),
        (SPEED, "1e1", "YAML wants a point and a sign in it"),
        (SPEED, "[1.0", "not valid YAML"),
        (NAME, "\x1b[2J", r"holds the character U\+001B"),
        (KIND, "c", r"shadow is 'c', expected one of \['a', 'b'\]; its default is 'a'"),
    ],
)
def test_an_argument_of_another_type_is_refused_with_its_name_type_and_default(argument, text, said):
    with pytest.raises(ConfigError, match=said):
        parse_argument(text, argument, "shadow")


def test_arguments_that_code_gives_are_held_to_the_same():
    with pytest.raises(ConfigError, match="shadow is 'yes'"):
        resolve(load_system("sim"), {"shadow": "yes"}, {})
    with pytest.raises(ConfigError, match=r"there is no argument \['sahdow'\]; there are"):
        read_arguments(load_system("sim").arguments, {"sahdow": "yes"})


@pytest.mark.parametrize("name", ["sim", "eyes", "real"])
def test_a_leader_is_started_where_one_is_asked_for_and_every_node_knows(name):
    plain = resolve(load_system(name), {}, {})
    assert "leader_node" not in {start.executable for start in plain}
    assert not any("nodes_bring" in start.parameters for start in plain)
    led = resolve(load_system(name), {"leader": "hand", "leader_port": "/dev/two", "leader_robot": "two.yaml"}, {})
    (leader,) = (start for start in led if start.executable == "leader_node")
    assert leader.parameters.items() >= {"device": "hand", "port": "/dev/two", "robot": "two.yaml"}.items()
    assert all(start.parameters["nodes_bring"] == ["leader"] for start in led)
    assert not any("brings" in start.parameters for start in led)


def test_people_and_a_node_do_not_lead_together():
    with pytest.raises(ConfigError, match="brings has 'leader', which leader_node of this system brings"):
        resolve(load_system("sim"), {"leader": "joy", "brings": "leader"}, {})
    starts = resolve(load_system("sim"), {"leader": "joy", "brings": "object_pose"}, {})
    assert all(start.parameters["brings"] == ["object_pose"] for start in starts)


def test_a_node_brings_only_what_people_may_bring():
    content = config.to_mapping(load_system("sim"))
    content["nodes"][0]["brings"] = ["depth"]
    with pytest.raises(ConfigError, match="brings has 'depth'; people may bring"):
        config.from_mapping(SystemSpec, content, where="sim")
