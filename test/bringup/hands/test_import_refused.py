"""dexterity import hand: what is missing or no hand is refused by name, in one line."""

import pytest


def test_missing_meshes_are_all_named_and_packages_may_lie_elsewhere(urdf, answers, dexterity, here):
    path = urdf()
    (here / "my_hand" / "meshes").rename(here / "elsewhere")
    words = ("import", "hand", path, "--out", "made/two", "--answers", answers())
    status, said = dexterity(*words)
    assert status == 2 and "2 meshes that are not there" in said and "palm.stl" in said and "finger.obj" in said
    (here / "packages" / "my_hand").mkdir(parents=True)
    (here / "elsewhere").rename(here / "packages" / "my_hand" / "meshes")
    assert dexterity(*words, "--packages", here / "packages")[0] == 0


def test_missing_meshes_of_an_mjcf_are_all_named(mjcf, answers, dexterity):
    path = mjcf()
    for mesh in (path.parent / "assets").iterdir():
        mesh.unlink()
    status, said = dexterity("import", "hand", path, "--out", "made/two", "--answers", answers())
    assert status == 2 and "2 of 2 meshes" in said and "finger.stl, palm.stl" in said


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"limits": {"c_1": [0.0, 1.0]}}, "limits name ['c_1'], the file moves"),
        ({"limits": {"a_1": [1.0, 0.0]}}, "expected the lower first"),
        ({"fixed": {"c_1": 0.0}}, "fixed names ['c_1'], the file has the joints"),
        ({"fingertips": ["thumb"]}, "fingertips name ['thumb'], the file has the links"),
        ({"up": "+z", "forward": "-z"}, "expected another axis"),
        ({"up": "up"}, "expected one of ['+x', '-x'"),
        ({"motor_model": "MX-28"}, "config/motors has no 'mx_28'"),
        ({"max_current_a": 9.0}, "expected at most 2.352"),
        ({"motor_ids": {"a_1": 1}}, "motor_ids lack ['a_2', 'b_1', 'b_2']"),
        ({"gains": {"p": 1}}, "gains.i is missing"),
        ({"unknown": ["gains"]}, "are answered, and listed as unknown"),
        ({"wheels": 4}, "wheels is not a known key"),
    ],
)
def test_an_answer_that_fits_nothing_is_refused_by_name(urdf, answers, dexterity, here, changes, expected):
    status, said = dexterity("import", "hand", urdf(), "--out", "made/two", "--answers", answers(**changes))
    assert status == 2 and expected in said
    assert not (here / "made" / "two").exists() and not list((here / "made").glob(".*"))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("hand.urdf", "<robot", "is no XML"),
        ("hand.urdf", "<mujoco/>", "expected <robot>"),
        ("hand.urdf", '<!DOCTYPE r [<!ENTITY a "a">]><robot>&a;</robot>', "defines entities"),
        ("hand.urdf", '<robot xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:macro/></robot>', "expand it first"),
        ("hand.urdf", '<robot name="x"><link name="a"><visual><geometry/></visual></link></robot>', "no model"),
        ("hand.xml", "<mujoco><worldbody/></mujoco>", "holds no link"),
        ("hand.xml", "\x00\x01", "no model"),
        (
            "hand.xml",
            '<mujoco><worldbody><body pos="nan 0 0"><geom size="1"/></body></worldbody></mujoco>',
            "(nan, inf)",
        ),
        ("hand.usd", "", "expected one of"),
    ],
)
def test_what_is_no_hand_is_refused_in_one_line(here, dexterity, name, content, expected):
    (here / name).write_text(content)
    status, said = dexterity("import", "hand", name, "--out", "made/two")
    assert status == 2 and expected in said and len(said.splitlines()) == 1
