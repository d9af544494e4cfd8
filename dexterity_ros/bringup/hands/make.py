"""From somebody's MJCF or URDF to the files of a hand, with everything that a person should know and decide."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml

from dexterity_ros.bringup.hands.anatomy import (
    AXES,
    Mount,
    check_joints,
    fingertips,
    home_pose,
    moving_joints,
    propose_mount,
)
from dexterity_ros.bringup.hands.answers import (
    QUESTIONS,
    Answers,
    completed,
    drive_of,
    joint_numbers,
    open_questions,
)
from dexterity_ros.bringup.hands.findings import figures_of, to_decide
from dexterity_ros.bringup.hands.fitted_parts import FitError, fit_parts, mesh_surface
from dexterity_ros.bringup.hands.gazebo import write_gazebo
from dexterity_ros.bringup.hands.looks import write_looks
from dexterity_ros.bringup.hands.mjcf_text import MESHES, HandDrawing, mjcf_text
from dexterity_ros.bringup.hands.urdf_file import readable_urdf
from dexterity_ros.contracts import config
from dexterity_ros.contracts.drive import DriveSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming, shown_path
from dexterity_ros.contracts.hand import HAND_FILE, HandFile, JointSpec, load_hand
from dexterity_ros.contracts.hand_shape import SHAPE_FILE, Part
from dexterity_ros.sim.foreign_file import read_mjcf, read_urdf
from dexterity_ros.sim.foreign_hand import ForeignHand, ForeignJoint
from dexterity_ros.sim.grasp_place import GraspPlace, judge_place, propose_place
from dexterity_ros.sim.hand_shape import hand_shape
from dexterity_ros.sim.self_contact import always_touching

MODEL = "hand.xml"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person says. packages: folders of package://. parts: at most on a link."""

    name: str
    answers: Answers
    packages: tuple[Path, ...]
    parts: int


@dataclass(frozen=True, kw_only=True)
class OpenHand:
    """What keeps a hand from being imported: what cannot be done, and questions, each with its words."""

    problems: tuple[str, ...]
    questions: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ImportedHand:
    """hand: as its folder now has it. figures: what to show, by name. decide: what a person has to look at, in words.

    place: what becomes of cubes that are let go above it.
    """

    hand: HandFile
    figures: dict[str, str]
    decide: tuple[str, ...]
    place: GraspPlace


class UndecidedError(ConfigError):
    """A hand that cannot be imported before somebody has decided something."""

    def __init__(self, text: str, open_hand: OpenHand) -> None:
        super().__init__(text)
        self.open = open_hand


def read_hand(path: Path, packages: tuple[Path, ...]) -> ForeignHand:
    """Returns the hand in an MJCF (.xml, .mjcf) or URDF file. Raises ConfigError."""
    if path.suffix.lower() in (".xml", ".mjcf") and b"<robot" not in path.read_bytes()[:2000]:
        return read_mjcf(path)
    if path.suffix.lower() not in (".urdf", ".xml"):
        raise ConfigError(f"{shown_path(path)}: expected one of ['.urdf', '.xml', '.mjcf']")
    with tempfile.TemporaryDirectory(prefix="dexterity_") as folder:
        return read_urdf(path, readable_urdf(path, packages, Path(folder)))


def import_hand(path: Path, wanted: Wanted, folder: Path, say: Callable[[str], None]) -> ImportedHand:
    """Writes hand.yaml, hand.xml, meshes, shape.yaml and gazebo/ into an empty folder; returns the hand in it.

    say: called with what is being done.

    Raises:
        UndecidedError: something must be decided first; all of it at once.
        ConfigError: the file is no hand that this project can move.
    """
    foreign = read_hand(path, wanted.packages)
    joints = _decided(path, foreign, wanted.answers)
    answers = completed(wanted.answers)
    numbers = {joint.name: joint_numbers(joint, answers) for joint in joints}
    drive = drive_of(answers, list(numbers))
    fixed = answers.fixed or {}
    tips = fingertips(foreign, fixed, answers.fingertips)
    limits = {name: number.range_rad for name, number in numbers.items()}
    home = home_pose(joints, limits) | (answers.home or {})
    mount = _mount(answers, propose_mount(foreign, tips, limits, home | fixed))
    say("fitting shapes to meshes")
    parts, errors = _fitted(foreign, wanted.parts)
    drawing = HandDrawing(
        source=path.name, hand=foreign, mount=mount, joints=numbers, fixed=fixed, parts=parts,
        looks=write_looks(foreign, folder / MESHES), tips=tuple(tips), excludes=foreign.excludes,
    )  # fmt: skip
    drawing = _without_jams(drawing, home, folder)
    hand = _hand_file(wanted, answers, drawing, drive, home)
    say("letting a cube go above it")
    hand, place = _placed(hand, answers, folder)
    _write(hand, folder)
    return ImportedHand(
        hand=load_hand(str(folder / HAND_FILE)),
        figures=figures_of(foreign, drawing, errors, place),
        decide=tuple(to_decide(hand, answers, drawing, foreign, numbers)),
        place=place,
    )


def _decided(path: Path, foreign: ForeignHand, answers: Answers) -> list[ForeignJoint]:
    """Returns the joints that move. Raises UndecidedError: what cannot be done and what is not said, all at once."""
    fixed = answers.fixed or {}
    names = [joint.name for link in foreign.links for joint in link.joints]
    strange = sorted(set(fixed) - set(names))
    if strange:
        raise ConfigError(f"--answers: fixed names {strange}, the file has the joints {names}")
    joints = moving_joints(foreign, fixed)
    problems = check_joints(foreign, fixed) + ([] if joints else ["no hinge is left that moves"])
    questions = {name: _worded(name, joints, answers) for name in open_questions(answers, joints)}
    if problems or questions:
        said = [f"{len(problems)} things that cannot be done here"] * bool(problems)
        said += [f"{len(questions)} questions that it does not answer"] * bool(questions)
        raise UndecidedError(
            f"{shown_path(path)} has {' and '.join(said)}: {'; '.join([*problems, *questions])}",
            OpenHand(problems=tuple(problems), questions=questions),
        )
    return joints


def _worded(name: str, joints: list[ForeignJoint], answers: Answers) -> str:
    if name != "limits":
        return QUESTIONS[name]
    missing = [j.name for j in joints if j.range_rad is None and j.name not in (answers.limits or {})]
    return f"{QUESTIONS[name]}, of {', '.join(missing)}"


def _mount(answers: Answers, proposed: Mount) -> Mount:
    """Returns how the hand is mounted: as it was answered, else as proposed. Raises ConfigError."""
    up, forward = answers.up or proposed.up, answers.forward or proposed.forward
    if np.array(AXES[up]) @ np.array(AXES[forward]) != 0:
        said = f"expected another axis than its own; proposed: up {proposed.up}, forward {proposed.forward}"
        raise ConfigError(f"--answers: up is {up} and forward is {forward}; {said}")
    found = "as answered" if answers.up or answers.forward else proposed.found
    return Mount(up=up, forward=forward, found=found)


def _fitted(hand: ForeignHand, most: int) -> tuple[dict[int, tuple[Part, ...]], dict[str, FitError]]:
    """Returns shapes for meshes that collide, by link, and their errors; of what is looked at, where nothing does."""
    nothing = not any(geom.collides for link in hand.links for geom in link.geoms)
    parts, errors = {}, {}
    known: dict[bytes, tuple[tuple[Part, ...], FitError]] = {}  # fingers have links alike
    for k, link in enumerate(hand.links):
        meshes = [(geom.points_m, geom.faces) for geom in link.geoms if len(geom.faces) and (geom.collides or nothing)]
        key = b"".join(points.tobytes() + faces.tobytes() for points, faces in meshes)
        if meshes and key not in known:
            known[key] = fit_parts(mesh_surface(meshes), most)
        if meshes:
            parts[k], errors[link.name] = known[key]
    return parts, errors


def _without_jams(drawing: HandDrawing, home: dict[str, float], folder: Path) -> HandDrawing:
    """Returns the drawing in which links that always overlap do not collide; writes hand.xml."""
    path = folder / MODEL
    with naming(path):
        path.write_text(mjcf_text(drawing))
        found = always_touching(path, np.array([home[name] for name in drawing.joints]))
        known = {frozenset(pair) for pair in drawing.excludes}
        more = tuple(pair for pair in found if frozenset(pair) not in known)
        drawing = replace(drawing, excludes=(*drawing.excludes, *more))
        path.write_text(mjcf_text(drawing))
    return drawing


def _hand_file(
    wanted: Wanted, answers: Answers, drawing: HandDrawing, drive: DriveSpec, home: dict[str, float]
) -> HandFile:
    assert answers.max_velocity_rad_s and answers.max_step_rad and answers.max_current_a
    proposed = [] if set(answers.home or {}) == set(drawing.joints) else ["home_pos_rad"]
    proposed += ["grasp_centre_m"] if answers.grasp_centre_m is None else []
    return HandFile(
        name=wanted.name,
        mjcf=f"./{MODEL}",
        max_velocity_rad_s=answers.max_velocity_rad_s,
        max_step_rad=answers.max_step_rad,
        max_current_a=answers.max_current_a,
        home_pos_rad=tuple(home[name] for name in drawing.joints),
        grasp_centre_m=answers.grasp_centre_m or (0.0, 0.0, 0.0),
        fingertip_sites=tuple(tip.site for tip in drawing.tips),
        joints=tuple(
            JointSpec(name=name, lower_rad=number.range_rad[0], upper_rad=number.range_rad[1])
            for name, number in drawing.joints.items()
        ),
        drive=drive,
        unverified=(*proposed, *answers.unknown),
    )


def _placed(hand: HandFile, answers: Answers, folder: Path) -> tuple[HandFile, GraspPlace]:
    """Returns the hand with a grasp centre, and what becomes of cubes there."""
    there = replace(hand, mjcf=str((folder / MODEL).resolve()))
    place = propose_place(there) if answers.grasp_centre_m is None else judge_place(there)
    return replace(hand, grasp_centre_m=place.centre_m), place


def _write(hand: HandFile, folder: Path) -> None:
    """Writes hand.yaml, shape.yaml, and the files for Gazebo."""
    text = yaml.safe_dump(config.to_mapping(hand), sort_keys=False, default_flow_style=None, width=110)
    there = replace(hand, mjcf=str((folder / MODEL).resolve()))
    shape = yaml.safe_dump(hand_shape(there), sort_keys=False, default_flow_style=None, width=120)
    with naming(folder):
        (folder / HAND_FILE).write_text(f"# Written by dexterity import hand; yours to change.\n{text}")
        (folder / SHAPE_FILE).write_text(f"# Made from {MODEL} by dexterity import hand; do not edit.\n{shape}")
    write_gazebo(there, folder)
