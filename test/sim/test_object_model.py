"""Every object that a spec can say is built as it says, by name, by path, as it is; wrong ones are refused."""

import mujoco
import numpy as np
import pytest
import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import ObjectSpec, load_object, object_folder
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.sim.scene import PhysicsConfig, build_scene, item_model

PHYSICS = PhysicsConfig(timestep_s=0.005, substeps=10)
TETRAHEDRON = ((0.03, 0.03, 0.03), (0.03, -0.03, -0.03), (-0.03, 0.03, -0.03), (-0.03, -0.03, 0.03))
PARTS = {
    "box": ({"size_m": (0.03, 0.02, 0.01)}, 8 * 0.03 * 0.02 * 0.01),
    "cylinder": ({"size_m": (0.03, 0.02)}, np.pi * 0.03**2 * 0.04),
    "sphere": ({"size_m": (0.03,)}, 4 / 3 * np.pi * 0.03**3),
    "capsule": ({"size_m": (0.02, 0.02)}, np.pi * 0.02**2 * (0.04 + 4 / 3 * 0.02)),
    "ellipsoid": ({"size_m": (0.03, 0.02, 0.01)}, 4 / 3 * np.pi * 0.03 * 0.02 * 0.01),
    "hull": ({"points_m": TETRAHEDRON}, 8 / 3 * 0.03**3),
}


def spec(*parts, **more):
    return ObjectSpec(name="thing", parts=parts, **({"mass_kg": 0.1} | more))


def solid(kind, **more):
    return Solid(kind=kind, **PARTS[kind][0], **more)


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_of_each_kind_weighs_what_the_spec_says_and_is_centred(leap, kind):
    model = build_scene(leap, spec(solid(kind)), PHYSICS).model
    body = model.body("object_body")
    assert abs(body.mass[0] - 0.1) < 1e-9
    np.testing.assert_allclose(body.ipos, 0.0, atol=1e-9)


@pytest.mark.parametrize("kind", PARTS)
def test_a_compound_has_its_centre_of_mass_by_volume(kind):
    shifted = spec(solid(kind, pos_m=(0.05, 0.0, 0.0)), solid("box", pos_m=(-0.05, 0.0, 0.0)))
    body = item_model(shifted).compile().body("body")
    one, other = PARTS[kind][1], PARTS["box"][1]
    assert abs(body.ipos[0] - 0.05 * (one - other) / (one + other)) < 1e-6


def test_measured_mass_and_inertia_are_taken_as_they_are():
    inertia = (3e-5, 4e-5, 3.5e-5, 1e-6, 2e-6, -1e-6)
    body = item_model(spec(solid("hull"), com_m=(0.001, 0.002, 0.003), inertia_kg_m2=inertia)).compile().body("body")
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, body.iquat)
    turned = matrix.reshape(3, 3) @ np.diag(body.inertia) @ matrix.reshape(3, 3).T
    np.testing.assert_allclose(turned[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], inertia, atol=1e-12)
    np.testing.assert_allclose(body.ipos, (0.001, 0.002, 0.003))


def test_an_object_is_found_by_name_below_the_working_folder_and_by_path_anywhere(tmp_path, monkeypatch, leap):
    cup = spec(solid("cylinder"), solid("hull", rgb=(200, 0, 0)))
    folder = tmp_path / "here/models/objects/cup"
    folder.mkdir(parents=True)
    (folder / "object.yaml").write_text(yaml.safe_dump(config.to_mapping(cup)))
    monkeypatch.chdir(tmp_path / "here")
    assert load_object("cup") == load_object(str(folder)) == load_object("./models/objects/cup") == cup
    masses = [build_scene(leap, name, PHYSICS).model.body("object_body").mass[0] for name in ("cup", str(folder))]
    np.testing.assert_allclose(masses, 0.1)


def test_the_shipped_cubes_are_their_own_mjcf():
    assert load_object("cube70") is None and load_object("cube70_tags") is None
    assert item_model("cube70").body("body").name == "body"


def test_a_folder_that_is_no_object_says_what_it_holds(tmp_path):
    (tmp_path / "duck.stl").write_text("")
    with pytest.raises(
        ConfigError, match=r"holds \['duck.stl'\]; an object is a folder with object.yaml or object.xml"
    ):
        object_folder(str(tmp_path))
    with pytest.raises(ConfigError, match="is no folder; an object is"):
        object_folder(str(tmp_path / "duck.stl"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parts": []}, "parts has 0 entries"),
        ({"mass_kg": 0.0}, "mass_kg is 0.0"),
        ({"com_m": [0.0, 0.0, 0.0]}, "give both or neither"),
        ({"com_m": [0.0, 0.0, 0.0], "inertia_kg_m2": [1.0, 1.0, 3.0, 0.0, 0.0, 0.0]}, "principal moments"),
        ({"com_m": [0.0, 0.0, 0.0], "inertia_kg_m2": [1.0, 1.0, 1.0]}, "inertia_kg_m2 has 3 entries"),
        ({"parts": [{"kind": "box", "size_m": [0.1]}]}, "a box has 3 sizes in size_m, found"),
        ({"parts": [{"kind": "box", "size_m": [70.0, 70.0, 70.0]}]}, "size_m\\[0\\] is 70.0"),
        ({"parts": [{"kind": "cone", "size_m": [0.1]}]}, "expected one of"),
        ({"parts": [{"kind": "hull"}]}, "a hull has 0 points_m"),
        ({"parts": [{"kind": "sphere", "size_m": [0.1], "points_m": [[0.0, 0.0, 0.0]]}]}, "nothing else does"),
        ({"parts": [{"kind": "hull", "points_m": [[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]]}]}, "thinner"),
    ],
)
def test_what_is_no_object_is_refused_by_name(change, said):
    content = config.to_mapping(spec(solid("box"))) | change
    with pytest.raises(ConfigError, match=said):
        config.from_mapping(ObjectSpec, content, where="object.yaml")
