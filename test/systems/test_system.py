"""The list of nodes is what both launchers start, and says what is wrong with it."""

import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.systems.spec import SystemSpec, load_system, node_parameters, resolve

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


def test_a_parameter_file_for_another_node_is_refused(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("other_node: {ros__parameters: {a: 1}}")
    with pytest.raises(ConfigError, match="must hold sim_node"):
        node_parameters(str(path), "sim_node")
