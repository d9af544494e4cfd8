"""A recorded run in three dimensions: what a page needs to pose hand, object, goal and points at any moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape, load_shape
from dexterity_ros.contracts.object import load_object, load_optional_box
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.contracts.sources import GOAL_CLOUD, OBJECT_CLOUD, OBJECT_POSE
from dexterity_ros.perception.object_mesh import object_mesh
from dexterity_ros.replay.goal_record import RecordedGoal
from dexterity_ros.replay.run_record import RunRecord, Series, newest
from dexterity_ros.reporting.box_mesh import box_mesh
from dexterity_ros.reporting.chart import SHARED
from dexterity_ros.reporting.key_frames import EyePicture, eye_pictures
from dexterity_ros.reporting.run_data import seconds, true_poses
from dexterity_ros.reporting.told import Told, escape, packed

_RATE_HZ, _MOST_FRAMES = 20.0, 3600
_MOST_CLOUDS, _MOST_GOALS, _POINTS = 240, 500, 160
_POINT_M = 1e-4  # unit of a packed point: 16 bits reach 3 m
_TOLD_OBJECT = ("sim_node", "pose_node", "goal_node")  # nodes whose parameters may name it
_VERTEX_KINDS = {"box": 0, "capsule": 1}


@dataclass(frozen=True, kw_only=True)
class Player:
    """A scene with a slider. content: what its script needs. note: what is and what is not shown."""

    name: str
    note: str
    content: dict[str, Any]
    pictures: tuple[EyePicture, ...] = ()
    group: str = SHARED

    def html(self, told: Told) -> str:
        """Returns it as a page shows it."""
        number = len(told.players)
        eyes = [{"t": round(each.at_s, 3), "jpeg": each.jpeg} for each in self.pictures]
        told.players.append(self.content | {"group": self.group, "eyes": eyes})
        eye = '<div class="eye"><img alt="What the camera saw"><span></span></div>' if eyes else ""
        return (
            f'<figure data-player="{number}"><div class="keys"></div>'
            f'<div class="player{"" if eyes else " alone"}"><div class="stage">'
            '<canvas tabindex="0" aria-label="Hand and object; drag to look from elsewhere"></canvas>'
            f'<div class="goal">goal</div></div>{eye}</div>'
            '<div class="reel"><button class="play">play</button>'
            '<input type="range" min="0" max="1" step="any" value="0" aria-label="moment of the run">'
            '<output></output><select aria-label="speed"><option value="0.25">slow</option>'
            '<option value="1" selected>as it was</option><option value="4">fast</option></select></div>'
            f"<figcaption>{escape(self.note)}</figcaption></figure>"
        )

    def export(self, _folder: Path) -> list[Path]:
        """Writes nothing: `report --video` films a recording."""
        return []


def player(run: RunRecord, goals: list[RecordedGoal]) -> Player | None:
    """Returns the scene of a run; None for one without joints, or of a hand whose shape nobody knows."""
    try:
        shape = load_shape(run.hand)
    except ConfigError:
        return None
    if not len(run.joint_pos.stamps_ns):
        return None
    times = _times(run)
    name, mesh = _object(run)
    content = {
        "links": _links(shape, run.hand),
        "centre": list(run.hand.grasp_centre_m),
        "joints": len(run.hand.joints),
        "object": mesh,
        "times": packed(seconds(run, times)),
        "measured": packed(newest(run.joint_pos, times)),
        "gated": packed(_or_none(run.gated, times)) if run.holds("gated_targets") else None,
        "pose": packed(_or_none(run.pose, times)) if run.has(OBJECT_POSE) else None,
        "truth": None if (truth := true_poses(run)) is None else packed(_or_none(truth, times)),
        "goal": packed(_goals(run, goals, times)),
        "clouds": list(_clouds(run)),
        "goal_clouds": list(_goal_clouds(run)),
    }
    shown = f"{name}, as estimated" if mesh is not None else "no object: nothing says what it looks like"
    note = f"{run.hand.name}; {shown}. Drag to look from elsewhere; charts and slider show the same moment."
    return Player(name="playback", note=note, content=content, pictures=tuple(eye_pictures(run)))


def _times(run: RunRecord) -> NDArray[np.int64]:
    begin, end = int(run.joint_pos.stamps_ns[0]), int(run.joint_pos.stamps_ns[-1])
    count = min(round((end - begin) * 1e-9 * _RATE_HZ) + 1, _MOST_FRAMES)
    return np.linspace(begin, end, max(count, 2)).astype(np.int64)


def _or_none(series: Series, times: NDArray[np.int64]) -> Floats:
    """Returns the newest sample at each time, NaN before there is one."""
    values = newest(series, times).copy()
    values[times < series.stamps_ns[0]] = np.nan
    return values


def _goals(run: RunRecord, goals: list[RecordedGoal], times: NDArray[np.int64]) -> Floats:
    wanted = np.full((len(times), 4), np.nan)
    for goal in goals:
        wanted[(times >= goal.begin_ns) & (times < (goal.end_ns or run.bag.end_ns + 1))] = goal.quat_wxyz
    return wanted


def _links(shape: HandShape, hand: HandSpec) -> list[dict[str, Any]]:
    return [
        {
            "parent": link.parent,
            "pos": link.pos_m,
            "quat": link.quat_wxyz,
            "joint": hand.joint_names.index(link.joint) if link.joint else -1,
            "axis": link.axis,
            "anchor": link.anchor_m,
            "parts": [[_VERTEX_KINDS[p.kind], p.size_m, p.pos_m, p.quat_wxyz] for p in link.parts],
        }
        for link in shape.links
    ]


def _object(run: RunRecord) -> tuple[str, dict[str, str] | None]:
    """Returns what the object is called, and its triangles with their colours; None where it is not known here."""
    name = next((n for node in _TOLD_OBJECT if (n := run.parameters(node).get("object"))), "")
    name = str(name or run.recorded_manifest().get("object", ""))
    try:
        spec, box = load_object(name), None
        box = None if spec is not None else load_optional_box(name)
    except ConfigError:
        return name, None
    if spec is None and box is None:
        return name, None
    triangles, colours = object_mesh(spec) if spec is not None else box_mesh(box) if box is not None else ((), ())
    return name, {"triangles": packed(triangles), "colours": packed(colours, "u1")}


def _clouds(run: RunRecord) -> Iterator[dict[str, Any]]:
    """Yields the points that the pose rests on, or that a policy sees, thinned out in time and number."""
    if not run.has(OBJECT_CLOUD):
        return
    topic = run.bag.topic(OBJECT_CLOUD.topic.name)
    wanted = _picked(run.bag.counts[topic] if topic else 0, _MOST_CLOUDS)
    for number, cloud in enumerate(run.each(OBJECT_CLOUD)):
        if number in wanted:
            yield _some(run, cloud)


def _goal_clouds(run: RunRecord) -> Iterator[dict[str, Any]]:
    """Yields the points by which a policy was shown each goal, when they were first shown."""
    if not run.has(GOAL_CLOUD):
        return
    before, shown = None, 0
    for cloud in run.each(GOAL_CLOUD):
        if shown < _MOST_GOALS and (before is None or not np.array_equal(before, cloud.points_m)):
            before, shown = cloud.points_m, shown + 1
            yield _some(run, cloud)


def _some(run: RunRecord, cloud: CloudSample) -> dict[str, Any]:
    points = cloud.points_m[np.linspace(0, len(cloud.points_m) - 1, _POINTS).astype(int)]
    whole = np.clip(np.rint(points / _POINT_M), -32767, 32767)
    return {"t": round(float(seconds(run, cloud.stamp_ns)), 3), "points": packed(whole, "<i2")}


def _picked(count: int, most: int) -> set[int]:
    return set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()) if count else set()
