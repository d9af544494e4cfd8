"""docs/own_hand.md, followed to the letter."""

import re

import pytest
import yaml

trimesh = pytest.importorskip("trimesh")
pytest.importorskip("mujoco")
pytest.importorskip("cv2")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.cli.parsing import parse
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.resources import data_root

PAGE = data_root() / "docs" / "own_hand.md"
LINK = """<link name="{0}"><inertial><mass value="0.05"/>
<inertia ixx="1e-5" iyy="1e-5" izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>
<visual><geometry><mesh filename="package://my_hand/meshes/{1}.stl"/></geometry></visual>
<collision><geometry><mesh filename="package://my_hand/meshes/{1}.stl"/></geometry></collision></link>"""
JOINT = """<joint name="{0}" type="revolute"><parent link="palm"/><child link="{0}_link"/><origin xyz="{1} 0 0.12"/>
<axis xyz="1 0 0"/><limit lower="-0.2" upper="1.5" effort="0" velocity="0"/></joint>"""


@pytest.fixture
def my_hand(tmp_path, monkeypatch):
    """A palm and two fingers of one joint each, where the page has its reader's file."""
    monkeypatch.chdir(tmp_path)
    meshes = tmp_path / "my_hand" / "meshes"
    meshes.mkdir(parents=True)
    for name, size in (("palm", (0.11, 0.02, 0.12)), ("finger", (0.016, 0.016, 0.06))):
        mesh = trimesh.creation.box(size)
        mesh.apply_translation((0.0, 0.0, size[2] / 2.0))
        mesh.export(meshes / f"{name}.stl")
    text = LINK.format("palm", "palm") + "".join(
        LINK.format(f"{name}_link", "finger") + JOINT.format(name, x) for name, x in (("left", 0.03), ("right", -0.03))
    )
    (tmp_path / "my_hand" / "urdf").mkdir()
    (tmp_path / "my_hand" / "urdf" / "hand.urdf").write_text(f'<robot name="my_hand">{text}</robot>')
    return tmp_path


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


def test_the_page_followed_to_the_letter_makes_a_hand_that_every_command_takes(my_hand, capsys):
    first, second, third = ([line.split()[1:] for line in block.splitlines()] for block in blocks("bash"))
    with pytest.raises(DexterityError) as refused:
        dispatch(first[0])
    listed = capsys.readouterr().out
    (answers,) = blocks("yaml")
    (my_hand / "answers.yaml").write_text(answers)
    said = yaml.safe_load(answers)
    asked = {line.split(":")[0] for line in listed.splitlines() if "  # " in line}
    assert asked == {*said, *said["unknown"]}, refused.value
    assert dispatch(second[0]) == 0, capsys.readouterr().out
    hand = load_hand("./hands/mine")
    assert hand.joint_names == ("left", "right") and len(load_shape(hand).tips) == 2
    for row in re.findall(r"^\| `(\S+?)/?` \| ", PAGE.read_text(), flags=re.MULTILINE):
        if "." in row or row in ("meshes", "gazebo"):
            assert (my_hand / "hands" / "mine" / row).exists(), row
    config, demo = third
    capsys.readouterr()
    assert dispatch(config) == 0
    assert hand.digest in capsys.readouterr().out
    _, options = parse(demo)
    assert load_hand(options.hand).digest == hand.digest and options.policy == "none"
