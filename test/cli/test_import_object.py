"""docs/own_object.md, followed to the letter, and what goes wrong when somebody does it otherwise."""

import json
import re

import numpy as np
import pytest
import yaml

trimesh = pytest.importorskip("trimesh")
cv2 = pytest.importorskip("cv2")
pytest.importorskip("mujoco")

from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.object import load_object, load_symmetry
from dexterity_ros.contracts.resources import data_root
from dexterity_ros.sim.scene import item_model

PAGE = data_root() / "docs" / "own_object.md"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language):
    """Returns the page's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


def run(capsys, *words):
    """Returns (status, what was printed, or the error's text) of a command."""
    try:
        status = dispatch([str(word) for word in words])
    except DexterityError as error:
        return 2, str(error)
    said = capsys.readouterr()
    return status, said.out + said.err


def commands(which):
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [line.split("#")[0].split()[1:] for line in lines if line.startswith(f"dexterity {which}")]


def test_the_page_followed_to_the_letter_makes_objects_that_can_be_built_seen_and_printed(here, capsys):
    trimesh.creation.box((60, 60, 60)).export(here / "dice.stl")
    (here / "mug.yaml").write_text(blocks("yaml")[0])
    imports = commands("import object")
    assert len(imports) >= 2
    for words in imports:
        status, said = run(capsys, *words)
        assert status == 0, said
        assert "% of the objects let go above the hand rest in it" in " ".join(said.split())
    dice, mug = load_object("./dice"), load_object("./mug")
    assert dice is not None and mug is not None
    assert dice.tag_m > 0.03 and len(dice.symmetry.turns) == 24 and load_symmetry("./dice").trivial
    assert abs(dice.mass_kg - 0.096) < 1e-9
    np.testing.assert_allclose(np.abs(dice.middles).max(axis=1), 0.03, atol=1e-6)
    for name in ("dice", "mug"):
        picture = cv2.imread(str(here / name / "preview.png"))
        assert picture.shape == (600, 1200, 3) and picture.std() > 10.0
        assert item_model(f"./{name}").compile().body("body").mass[0] > 0.01
    for words in commands("print tags"):
        status, said = run(capsys, *words)
        assert status == 0 and "6 tags" in said
        assert (here / words[-1]).read_bytes().startswith(b"%PDF")


def test_a_hollow_mesh_becomes_parts_and_is_said_how_far_they_are_off(here, capsys):
    ring = trimesh.creation.annulus(18, 30, 25)
    ring.export(here / "ring.ply")
    words = ("import", "object", "ring.ply", "--out", "ring", "--mass-kg", "0.05", "--json", "figures.json")
    status, said = run(capsys, *words)
    assert status in (0, 1), said
    figures = json.loads((here / "figures.json").read_text())
    assert figures["size"] == "60.0 x 60.0 x 25.0 mm, read in mm"
    assert "off the mesh by" in figures["parts"] and "any turn about [0.0, 0.0, 1.0], 2 ways" in figures["symmetry"]
    made = load_object("./ring")
    assert made is not None and len(made.parts) > 1
    np.testing.assert_allclose(made.com_m, 0.0)
    # A ring about its axis: m (r1^2 + r2^2) / 2.
    assert abs(made.inertia_kg_m2[2] - 0.05 * (0.018**2 + 0.03**2) / 2) < 0.02 * made.inertia_kg_m2[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("cube.stl",), "give --mass-kg (weighed) or --density"),
        (("cube.stl", "--mass-kg", "0.1", "--density", "1000"), "one of them"),
        (("cube.stl", "--mass-kg", "-1"), "--mass-kg is -1.0, expected more than 0"),
        (("cube.stl", "--mass-kg", "4"), "is the unit or the mass right?"),
        (("cube.stl", "--mass-kg", "0.1", "--unit", "m"), "60000.0 mm when read in m; expected 10 to 300 mm"),
        (("huge.stl", "--mass-kg", "0.1"), "900 mm in mm, 9000 mm in cm, 9e+05 mm in m"),
        (("cube.stl", "--mass-kg", "0.1", "--tag-mm", "20"), "--tag-mm 20.0 is for --labels tags, it is none"),
        (("cube.stl", "--mass-kg", "0.1", "--labels", "tags", "--tag-mm", "80"), "tags of 80.0 mm: expected 12 mm"),
        (("ball.stl", "--mass-kg", "0.1", "--labels", "colours"), "it looks alike after any turn (a ball)"),
        (("text.stl", "--mass-kg", "0.1"), "text.stl"),
        (("none.stl", "--mass-kg", "0.1"), "no file none.stl"),
        (("cube.dae", "--mass-kg", "0.1"), "expected one of ['.stl', '.obj', '.ply', '.yaml', '.yml']"),
        (("bad.yaml", "--mass-kg", "0.1"), "a box has 3 sizes in size_m"),
        (("empty.yaml", "--mass-kg", "0.1"), "empty.yaml"),
        (("cube.stl", "--mass-kg", "0.1", "--parts", "0"), "--parts is 0, expected 1 to 64"),
    ],
)
def test_what_cannot_become_an_object_is_refused_in_one_line(here, capsys, change, said):
    trimesh.creation.box((60, 60, 60)).export(here / "cube.stl")
    trimesh.creation.box((900, 60, 60)).export(here / "huge.stl")
    trimesh.creation.icosphere(3, radius=30).export(here / "ball.stl")
    (here / "text.stl").write_text("this is no mesh")
    (here / "cube.dae").write_text("")
    (here / "bad.yaml").write_text("parts: [{kind: box, size_m: [0.03]}]")
    (here / "empty.yaml").write_text("")
    status, printed = run(capsys, "import", "object", *change, "--out", "thing")
    assert status == 2 and said in " ".join(printed.split()), printed
    assert "Traceback" not in printed and not (here / "thing").exists()


def test_an_object_that_no_hand_can_hold_is_said_not_to_be_trained_on(here, capsys):
    (here / "log.yaml").write_text(yaml.safe_dump({"parts": [{"kind": "cylinder", "size_m": [0.06, 0.12]}]}))
    status, said = run(capsys, "import", "object", "log.yaml", "--out", "log", "--mass-kg", "0.5")
    assert status == 1 and "do not train on it as it is" in said


def test_a_sheet_is_only_printed_for_what_has_tags(here, capsys):
    status, said = run(capsys, "print", "tags", "cube70")
    assert status == 2 and "the object cube70 has no tags" in said
    status, said = run(capsys, "print", "tags", "cube70_tags", "--out", "no/where.pdf")
    assert status == 2 and "no/where.pdf cannot be used" in said


def test_a_generated_object_becomes_a_folder_that_every_command_takes(here, capsys):
    status, said = run(capsys, "import", "object", "family:cross_00", "--out", "cross")
    assert status in (0, 1), said
    spec = next(item.spec for item in load_catalogue().objects if item.name == "cross_00")
    assert load_object("./cross") == spec and not load_symmetry("./cross").trivial
    assert item_model("./cross").compile().body("body").mass[0] == pytest.approx(spec.mass_kg)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("family:cross_99", "--out", "x"), "no generated object is called 'cross_99'"),
        (("family:cross_00", "--out", "x", "--mass-kg", "0.1"), "has its own mass"),
        (("family:cross_00", "--out", "x", "--labels", "tags"), "no labels"),
    ],
)
def test_what_a_generated_object_cannot_be_given_is_said(here, capsys, words, expected):
    status, said = run(capsys, "import", "object", *words)
    assert status == 2 and expected in said and not (here / "x").exists()
