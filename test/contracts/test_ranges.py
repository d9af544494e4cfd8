"""Every number of a configuration has a range and a reason, and is held to it however the configuration is built."""

import dataclasses
import importlib.util
import typing
from dataclasses import dataclass, replace
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dexterity_ros.contracts import config
from dexterity_ros.contracts.camera import CameraSpec, load_camera
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import BoxObject
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.ranges import Checked, Length, Pattern, Range, UnitLength, check_text, field_hints, shown
from dexterity_ros.drivers.dynamixel.control_table import MotorModel
from dexterity_ros.evaluation.protocol import Protocol
from dexterity_ros.evaluation.simulate import JudgeConfig
from dexterity_ros.perception.depth_cloud import CloudConfig
from dexterity_ros.sim.env_config import EnvConfig
from dexterity_ros.systems.spec import SystemSpec
from dexterity_ros.tasks.goal_parameters import GoalParameters
from dexterity_ros.tasks.spec import TaskSpec

ROOTS = [
    HandSpec, PolicyManifest, CameraSpec, BoxObject, MotorModel, HandShape, SystemSpec, TaskSpec, Protocol,
    JudgeConfig, EnvConfig, CloudConfig, GoalParameters,
]  # fmt: skip
# Lists that are as long as another one; their classes compare the two.
PAIRED = {"home_pos_rad", "stiffness_nm_rad", "damping_nm_s_rad", "start_pos_rad", "low", "high"}


def roots():
    if importlib.util.find_spec("torch") is None:
        return ROOTS
    from dexterity_ros.training.student_config import StudentConfig
    from dexterity_ros.training.teacher_config import TeacherConfig

    return [*ROOTS, TeacherConfig, StudentConfig]


def inside(hint):
    """Yields (part of a type, marks of all that it is inside of)."""
    stack = [(hint, ())]
    while stack:
        part, marks = stack.pop()
        if typing.get_origin(part) is Annotated:
            marks = (*marks, *part.__metadata__)
            part = part.__origin__
        yield part, marks
        stack += [(arg, marks) for arg in typing.get_args(part) if arg is not Ellipsis]


def fields():
    """Yields (class, field, type) of everything that a configuration file can set."""
    seen, stack = set(), roots()
    while stack:
        cls = stack.pop()
        if cls in seen:
            continue
        seen.add(cls)
        for name, hint in field_hints(cls).items():
            yield cls, name, hint
            stack += [part for part, _ in inside(hint) if dataclasses.is_dataclass(part)]


def test_every_number_has_a_range_and_a_reason():
    bare = [
        f"{cls.__name__}.{name}"
        for cls, name, hint in fields()
        for part, marks in inside(hint)
        if part in (int, float) and not any(isinstance(mark, Range | UnitLength) for mark in marks)
    ]
    assert bare == []


def test_every_list_has_a_length_or_is_compared_with_another():
    endless = [
        f"{cls.__name__}.{name}"
        for cls, name, hint in fields()
        for part, marks in inside(hint)
        if Ellipsis in typing.get_args(part) and name not in PAIRED
        if not any(isinstance(mark, Length) for mark in marks)
    ]
    assert endless == []


def test_every_configuration_is_checked_when_code_builds_it():
    assert {cls.__name__ for cls, _, _ in fields() if not issubclass(cls, Checked)} == set()


def test_every_reason_says_something_and_no_range_is_empty():
    marks = [mark for _, _, hint in fields() for _, marks in inside(hint) for mark in marks]
    assert all(len(mark.why) > 3 and mark.low < mark.high for mark in marks if isinstance(mark, Range))
    assert all(len(mark.why) > 3 and mark.least <= mark.most for mark in marks if isinstance(mark, Length))


@dataclass(frozen=True, kw_only=True)
class Sample(Checked):
    share: Annotated[float, Range(0.0, 1.0, "a share")] = 0.5
    pair: Annotated[tuple[float, float], Range(-1, 1, "small")] = (0.0, 0.0)
    some: Annotated[tuple[int, ...], Length(1, 3, "few")] = (1,)
    table: Annotated[dict[str, float], Range(0, 9, "digits")] = dataclasses.field(default_factory=dict)
    maybe: Annotated[float | None, Range(1, 2, "not much")] = None
    word: Annotated[str, Pattern("[a-z]+", "small letters")] = "word"
    free: float = 0.0
    text: str = ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share": 1.1}, "share is 1.1, expected 0 to 1: a share"),
        ({"share": float("nan")}, "share is nan, expected 0 to 1"),
        ({"pair": (0.0, -2.0)}, r"pair\[1\] is -2.0, expected -1 to 1: small"),
        ({"some": ()}, "some has 0 entries, expected 1 to 3: few"),
        ({"some": (1, 2, 3, 4)}, "some has 4 entries"),
        ({"table": {"a": 10.0}}, "table.a is 10.0"),
        ({"maybe": 3.0}, "maybe is 3.0"),
        ({"word": "Word"}, "word is 'Word', expected small letters"),
        ({"word": "a\n"}, "word is"),
        ({"free": float("inf")}, "free is inf, expected a finite number"),
        ({"text": "\x1b[31mred"}, r"text holds the character U\+001B at 0"),
        ({"text": "left‮thgir"}, r"U\+202E"),
    ],
)
def test_what_is_declared_holds_in_a_file_and_in_code(change, message):
    with pytest.raises(ConfigError, match=message):
        Sample(**change)
    with pytest.raises(ConfigError, match=message):
        config.from_mapping(Sample, change, where="f")


def test_ends_belong_to_the_range_and_what_is_absent_is_not_asked():
    assert Sample(share=0.0) and Sample(share=1.0) and Sample(maybe=None) and Sample(text="two\nlines\tof text, é")


def test_a_flood_of_text_is_refused():
    with pytest.raises(ConfigError, match="a text of 200000 characters"):
        check_text("x" * 200_000, "here")


@settings(deadline=None)
@given(st.text(max_size=50) | st.lists(st.text(max_size=300)) | st.dictionaries(st.text(), st.floats()))
def test_a_shown_value_is_one_short_printable_line(value):
    said = shown(value)
    assert said.isprintable() and len(said) < 700


def test_a_vector_of_another_length_is_no_direction():
    camera = load_camera("demo")
    with pytest.raises(ConfigError, match="not a unit quaternion: its length is 2"):
        replace(camera, quat_wxyz=(2.0, 0.0, 0.0, 0.0))
