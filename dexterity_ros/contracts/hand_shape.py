"""HandShape: links, joints, solid parts and fingertips of a hand, made from its MJCF; shape.yaml beside it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import (
    PART_NAME,
    UNIT_QUATERNION,
    UNSAID_AT_DEFAULT,
    Checked,
    Length,
    Pattern,
    Range,
    UnitLength,
)

_MOST_LINKS = 200
_WITHIN = Range(-1.0, 1.0, "within the frame of a link of a hand")
_SIZES = {"box": 3, "capsule": 2}
SHAPE_FILE = "shape.yaml"  # beside the hand's MJCF, made from it by python -m dexterity_ros.sim.hand_shape


@dataclass(frozen=True, kw_only=True)
class Part(Checked):
    """A box (half sizes) or capsule (radius, half length along z) fixed to a link; pos_m, quat_wxyz in its frame."""

    kind: Literal["box", "capsule"]
    size_m: Annotated[tuple[float, ...], Range(0.0, 1.0, "half of a part of a hand"), Length(2, 3, "see above")]
    pos_m: Annotated[tuple[float, float, float], _WITHIN]
    quat_wxyz: Annotated[tuple[float, float, float, float], UNIT_QUATERNION]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.size_m) != _SIZES[self.kind]:
            raise ConfigError(f"a {self.kind} has {_SIZES[self.kind]} sizes, found {list(self.size_m)}")


@dataclass(frozen=True, kw_only=True)
class Link(Checked):
    """A link in the frame of its parent (an index before its own, -1: the hand frame), turned by one joint or none.

    joint: name, empty when the link does not turn. axis, anchor_m: of the joint, in the link's own frame.
    """

    parent: Annotated[int, Range(-1, _MOST_LINKS, "an index; -1 = the hand frame")]
    pos_m: Annotated[tuple[float, float, float], _WITHIN]
    quat_wxyz: Annotated[tuple[float, float, float, float], UNIT_QUATERNION]
    joint: Annotated[str, Pattern(f"{PART_NAME.regex}|", PART_NAME.expected)]
    axis: Annotated[tuple[float, float, float], Range(-1.001, 1.001, "parts of a unit vector")]
    anchor_m: Annotated[tuple[float, float, float], _WITHIN]
    parts: Annotated[tuple[Part, ...], Length(0, 100, "solid parts of one link")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.joint:
            UnitLength("a unit vector, which the joint turns about").check(self.axis, "axis")


@dataclass(frozen=True, kw_only=True)
class Tip(Checked):
    """A fingertip's site: the link that it is fixed to (an index), and where in that link's frame."""

    site: Annotated[str, PART_NAME]
    link: Annotated[int, Range(0, _MOST_LINKS, "an index")]
    pos_m: Annotated[tuple[float, float, float], _WITHIN]


@dataclass(frozen=True, kw_only=True)
class HandShape(Checked):
    """All links, parents first; fingertips in the order of the hand's file."""

    links: Annotated[tuple[Link, ...], Length(1, _MOST_LINKS, "a hand has links")]
    tips: Annotated[tuple[Tip, ...], Length(0, 16, "fingers")] = field(default=(), metadata=UNSAID_AT_DEFAULT)

    def __post_init__(self) -> None:
        super().__post_init__()
        for i, link in enumerate(self.links):
            if link.parent >= i:
                raise ConfigError(f"links[{i}].parent is {link.parent}, expected a link before it, or -1")
        for tip in self.tips:
            if tip.link >= len(self.links):
                raise ConfigError(f"the link of the tip {tip.site} is {tip.link}, there are {len(self.links)}")


def load_shape(hand: HandSpec) -> HandShape:
    """Returns the shape that lies beside the hand's MJCF. Raises ConfigError when it is missing or of another hand."""
    shape = config.load(HandShape, hand.mjcf_path.with_name(SHAPE_FILE))
    joints = {link.joint for link in shape.links if link.joint}
    if joints != set(hand.joint_names):
        raise ConfigError(
            f"{SHAPE_FILE} of {hand.name} turns {sorted(joints)}, the hand has {sorted(hand.joint_names)}"
        )
    return shape
