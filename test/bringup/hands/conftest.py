"""A made-up hand of two fingers, as others would publish it: URDF in a package, and MJCF with names of its own."""

from pathlib import Path

import pytest
import yaml

trimesh = pytest.importorskip("trimesh")
pytest.importorskip("mujoco")
pytest.importorskip("cv2")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import DexterityError

PALM_MM, FINGER_M = (110, 20, 120), (0.009, 0.04)
ANSWERS = {
    "motor_model": "XC330-M288",
    "baud_rate": 1000000,
    "supply_v": 5.0,
    "max_temperature_c": 65.0,
    "gains": {"p": 800, "i": 0, "d": 200},
    "max_velocity_rad_s": 6.0,
    "max_step_rad": 0.25,
    "max_current_a": 0.5,
    "motor_ids": {"a_1": 11, "a_2": 12, "b_1": 21, "b_2": 22},
    "stiffness_nm_rad": 3.0,
    "damping_nm_s_rad": 0.2,
    "friction_nm": 0.02,
    "armature_kg_m2": 0.0015,
    "torque_nm": 0.2,
    "grasp_centre_m": [0.07, 0.0, 0.046],
}

_LINK = """
  <link name="{name}">
    <inertial><mass value="0.03"/><origin xyz="0 0 0.02"/>
      <inertia ixx="8e-6" iyy="8e-6" izz="1e-6" ixy="0" ixz="0" iyz="0"/></inertial>
    <visual><geometry><mesh filename="{mesh}"/></geometry></visual>
    <collision><geometry><mesh filename="{mesh}"/></geometry></collision>
  </link>"""
_JOINT = """
  <joint name="{name}" type="revolute">
    <parent link="{parent}"/><child link="{child}"/><origin xyz="{xyz}"/><axis xyz="1 0 0"/>
    <limit lower="-0.2" upper="1.6" effort="{effort}" velocity="3"/>{more}
  </joint>"""


def write_meshes(folder: Path) -> None:
    """The palm as an STL in mm, a finger link as an OBJ of two objects in m, along z from its joint."""
    folder.mkdir(parents=True)
    palm = trimesh.creation.box(PALM_MM)
    palm.apply_translation((0, 0, PALM_MM[2] / 2))
    palm.export(folder / "palm.stl")
    radius, length = FINGER_M
    halves = [trimesh.creation.capsule(radius=radius, height=length) for _ in range(2)]
    text, before = "", 0
    for number, half in enumerate(halves):
        half.apply_translation((0, 0, radius + length / 2 + number * 0.001))
        text += f"o part_{number}\n" + "".join(f"v {x} {y} {z}\n" for x, y, z in half.vertices)
        text += "".join("f " + " ".join(str(before + 1 + i) for i in face) + "\n" for face in half.faces)
        before += len(half.vertices)
    (folder / "finger.obj").write_text(text)


def write_urdf(folder: Path, *, more: str = "", effort: float = 0.0, extra: str = "") -> Path:
    """Writes my_hand/urdf/hand.urdf. more: into the joint a_2; extra: links and joints."""
    package = folder / "my_hand"
    write_meshes(package / "meshes")
    (package / "urdf").mkdir()
    palm = _LINK.format(name="palm", mesh="package://my_hand/meshes/palm.stl").replace(
        'palm.stl"/>', 'palm.stl" scale="0.001 0.001 0.001"/>'
    )
    text = f'<?xml version="1.0"?>\n<robot name="two">{palm}'
    for finger, x in (("a", 0.03), ("b", -0.03)):
        for link in (1, 2):
            text += _LINK.format(name=f"{finger}_link_{link}", mesh="package://my_hand/meshes/finger.obj")
            parent, place = ("palm", f"{x} 0 0.122") if link == 1 else (f"{finger}_link_1", "0 0 0.058")
            text += _JOINT.format(
                name=f"{finger}_{link}", parent=parent, child=f"{finger}_link_{link}", xyz=place, effort=effort,
                more=more if (finger, link) == ("a", 2) else "",
            )  # fmt: skip
    path = package / "urdf" / "hand.urdf"
    path.write_text(text + extra + "</robot>")
    return path


_MJCF_FINGER = """
      <body name="{f}_link_1" pos="{x} 0 0.122">
        <joint name="{f}_1" class="knuckle"/>
        <geom class="looks" mesh="finger"/><geom class="solid" mesh="finger"/>
        <body name="{f}_link_2" pos="0 0 0.058" {turned}>
          <joint name="{f}_2" class="knuckle" {ref}/>
          <geom class="looks" mesh="finger"/><geom class="solid" type="capsule" size="0.009 0.02" pos="0 0 0.029"/>
          {site}
        </body>
      </body>"""


def write_mjcf(folder: Path, *, actuators: str = "", more: str = "") -> Path:
    """Writes hand.xml: degrees, defaults, actuators in another order and with other names, one of a tighter range."""
    write_meshes(folder / "assets")
    (folder / "assets" / "finger.obj").unlink()
    finger = trimesh.creation.capsule(radius=9, height=40)
    finger.apply_translation((0, 0, 29))
    finger.export(folder / "assets" / "finger.stl")
    actuators = actuators or (
        '<position name="m4" joint="b_2" kp="4" kv="0.1" forcerange="-0.3 0.3" ctrlrange="-0.1 1.396263"/>'
        '<position name="m3" joint="b_1" kp="4" kv="0.1" forcerange="-0.3 0.3"/>'
        '<position name="m2" joint="a_2" kp="4" kv="0.1" forcerange="-0.3 0.3"/>'
        '<position name="m1" joint="a_1" kp="4" kv="0.1" forcerange="-0.3 0.3"/>'
    )
    fingers = _MJCF_FINGER.format(f="a", x=0.03, turned="", ref="", site='<site name="first_tip" pos="0 0 0.06"/>')
    fingers += _MJCF_FINGER.format(f="b", x=-0.03, turned='euler="20 0 0"', ref='ref="20"', site="")
    path = folder / "hand.xml"
    path.write_text(f"""<mujoco model="two">
  <compiler angle="degree" meshdir="assets" autolimits="true"/>
  <default>
    <joint type="hinge" damping="0.02" armature="0.001" frictionloss="0.01"/>
    <default class="knuckle"><joint axis="1 0 0" range="-11 91"/></default>
    <default class="looks"><geom type="mesh" contype="0" conaffinity="0" rgba="0.8 0.5 0.2 1"/></default>
    <default class="solid"><geom type="mesh" friction="0.9 0.005 0.0001"/></default>
  </default>
  <asset>
    <mesh name="palm" file="palm.stl" scale="0.001 0.001 0.001"/>
    <mesh name="finger" file="finger.stl" scale="0.001 0.001 0.001"/>
  </asset>
  <worldbody>
    <light pos="0 0 1"/>
    <body name="palm">
      <geom class="looks" mesh="palm"/><geom class="solid" mesh="palm"/>{fingers}
    </body>
  </worldbody>
  <actuator>{actuators}</actuator>{more}
</mujoco>""")
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def urdf(here):
    return lambda **changes: write_urdf(here, **changes)


@pytest.fixture
def mjcf(here):
    return lambda **changes: write_mjcf(here / "model", **changes)


@pytest.fixture
def answers(here):
    """Writes answers.yaml: all of them, with changes; None leaves one out."""

    def write(**changes):
        said = {key: value for key, value in (ANSWERS | changes).items() if value is not None}
        path = here / "answers.yaml"
        path.write_text(yaml.safe_dump(said))
        return path

    return write


@pytest.fixture
def dexterity(capsys):
    """Returns (status, what was printed, or the error's text) of a command."""

    def run(*words):
        try:
            status = dispatch([str(word) for word in words])
        except DexterityError as error:
            return 2, f"{capsys.readouterr().out}{type(error).__name__}: {error}"
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    """The folder of a hand made of the URDF, which lies beside it in my_hand; not to be changed. All is proposed."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "answers.yaml").write_text(yaml.safe_dump(ANSWERS | {"grasp_centre_m": None}))
    words = [write_urdf(folder), "--out", folder / "two", "--answers", folder / "answers.yaml"]
    assert dispatch(["import", "hand", *map(str, words)]) == 0
    return folder / "two"
