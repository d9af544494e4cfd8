"""A drawing of a hand with the names of its joints, and of the shapes that stand for it."""

from itertools import pairwise

import cv2
import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.sim.picture import Caster, Image

_SIDE, _COLUMN, _SMALL = 820, 250, 410  # pixels: the hand, the names beside it, each of the drawings on the right
_FOCAL = 1.6
_FILLED = 0.86  # share of the picture that the hand takes
_WHITE = 247.0
_INK, _GREY, _DOT, _TIP, _GRASP = (35, 40, 48), (120, 128, 138), (214, 60, 50), (30, 140, 70), (30, 90, 220)
_LINE_PX = 42  # between names
_VISUAL = 2  # geom group


def hand_picture(hand: HandSpec) -> Image:
    """Returns the hand at home as RGB: from above with its joints' names, from the side, and as the eyes know it."""
    model = mujoco.MjModel.from_xml_path(str(hand.mjcf_path))
    above = _view(model, hand, np.array([-0.25, 0.0, 1.0]), _SIDE)
    labelled = _with_names(above, hand)
    side = _view(model, hand, np.array([-0.35, -1.0, 0.35]), _SMALL)
    shapes = _view(_shapes_only(hand), hand, np.array([-0.5, 0.7, 0.9]), _SMALL)
    _caption(side.picture, "from the side: fingertips green, grasp centre blue")
    _caption(shapes.picture, "the shapes that collide and that the eyes take out")
    for view in (side, shapes):
        _mark(view, hand)
    right = np.concatenate([side.picture, shapes.picture])
    return np.ascontiguousarray(np.concatenate([labelled, right], axis=1))


class _View:
    """A picture of a model in a pose, and where points of the world are in it."""

    def __init__(self, picture: Image, caster: Caster, data: mujoco.MjData, eye_m: Floats) -> None:
        self.picture, self.data = picture, data
        self._caster, self._eye = caster, eye_m

    def pixel(self, point_m: Floats) -> tuple[int, int]:
        """Returns column and row of a point, (3,)."""
        right, down, forward = self._caster.axes @ (point_m - self._eye)
        width, height = self._caster.size
        scale = _FOCAL * height / forward
        return round(width / 2 + scale * right), round(height / 2 + scale * down)


def _view(model: mujoco.MjModel, hand: HandSpec, towards_eye: Floats, side: int) -> _View:
    data = mujoco.MjData(model)
    data.qpos[[model.joint(name).qposadr[0] for name in hand.joint_names]] = hand.home_pos_rad
    mujoco.mj_forward(model, data)
    corners = _corners(model, data)
    forward = -towards_eye / np.linalg.norm(towards_eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    low, high = (corners @ axes.T).min(axis=0), (corners @ axes.T).max(axis=0)
    middle = (low + high) / 2.0 @ axes
    away = _FOCAL * float((high - low)[:2].max()) / _FILLED + float(high[2] - low[2]) / 2.0
    caster = Caster(model, middle - away * forward, middle, (side, side), _FOCAL)
    picture = caster.over(np.full((side, side, 3), _WHITE), data)
    rounded = np.ascontiguousarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    return _View(rounded, caster, data, middle - away * forward)


def _corners(model: mujoco.MjModel, data: mujoco.MjData) -> Floats:
    """Returns the corners of the boxes round all shapes, (8 n, 3), in the world."""
    signs = np.array(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0])).reshape(3, -1).T
    boxes = model.geom_aabb[:, None, :3] + signs * model.geom_aabb[:, None, 3:]
    turned = np.einsum("gij,gkj->gki", data.geom_xmat.reshape(-1, 3, 3), boxes)
    corners: Floats = (turned + data.geom_xpos[:, None]).reshape(-1, 3)
    return corners


def _shapes_only(hand: HandSpec) -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_file(str(hand.mjcf_path))
    for geom in [geom for geom in spec.geoms if geom.group == _VISUAL]:
        spec.delete(geom)
    return spec.compile()


def _with_names(view: _View, hand: HandSpec) -> Image:
    """Returns a view between two columns of names, a line from each joint to its own."""
    canvas = np.full((_SIDE, _SIDE + 2 * _COLUMN, 3), round(_WHITE), dtype=np.uint8)
    canvas[:, _COLUMN : _COLUMN + _SIDE] = view.picture
    joints = [(joint, view.pixel(view.data.joint(joint.name).xanchor)) for joint in hand.joints]
    by_column = sorted(joints, key=lambda item: item[1][0])
    half = (len(by_column) + 1) // 2
    for left, group in ((True, by_column[:half]), (False, by_column[half:])):
        ordered = sorted(group, key=lambda item: item[1][1])
        rows = _spread([row for _, (_, row) in ordered])
        for (joint, (column, row)), at in zip(ordered, rows, strict=True):
            number = hand.joint_names.index(joint.name)
            texts = (f"{number} {joint.name}", f"{joint.lower_rad:.2f} to {joint.upper_rad:.2f} rad")
            _name(canvas, texts, (_COLUMN + column, row), at, left=left)
    cv2.putText(canvas, hand.name, (14, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.9, _INK, 2, cv2.LINE_AA)
    said = "from above; z up, x along the fingers; home pose; joints in policy order"
    cv2.putText(canvas, said, (14, _SIDE - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.48, _GREY, 1, cv2.LINE_AA)
    return canvas


def _spread(rows: list[int]) -> list[int]:
    """Returns rows in the same order, far enough apart for a name each, and inside the picture."""
    step = min(_LINE_PX, (_SIDE - 110) // max(len(rows), 1))
    low, high = 64, _SIDE - 46
    placed: list[int] = []
    for row in rows:
        placed.append(max(row, low, placed[-1] + step if placed else low))
    for k in range(len(placed) - 1, -1, -1):
        placed[k] = min(placed[k], high if k == len(placed) - 1 else placed[k + 1] - step)
    return placed


def _name(canvas: Image, texts: tuple[str, str], joint: tuple[int, int], row: int, *, left: bool) -> None:
    edge = _COLUMN - 8 if left else _COLUMN + _SIDE + 8
    knee = edge + (26 if left else -26)
    for one, other in pairwise([(edge, row), (knee, row), joint]):
        cv2.line(canvas, one, other, _GREY, 1, cv2.LINE_AA)
    cv2.circle(canvas, joint, 5, _DOT, -1, cv2.LINE_AA)
    for text, size, colour, below in ((texts[0], 0.52, _INK, 0), (texts[1], 0.4, _GREY, 15)):
        wide = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0]
        at = (max(edge - wide - 6, 2) if left else edge + 6, row + below)
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def _mark(view: _View, hand: HandSpec) -> None:
    for name in hand.fingertip_sites:
        cv2.circle(view.picture, view.pixel(view.data.site(name).xpos), 5, _TIP, -1, cv2.LINE_AA)
    centre = view.pixel(np.array(hand.grasp_centre_m))
    cv2.drawMarker(view.picture, centre, _GRASP, cv2.MARKER_CROSS, 18, 2, cv2.LINE_AA)


def _caption(picture: Image, text: str) -> None:
    cv2.putText(picture, text, (10, picture.shape[0] - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _GREY, 1, cv2.LINE_AA)
