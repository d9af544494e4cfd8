"""Step camera: where it stands, from depth images of the hand itself in several poses; joint zeros refined with it."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from dexterity_ros.bringup.eyehand.estimate import Fitted
from dexterity_ros.bringup.eyehand.fit import FitConfig
from dexterity_ros.bringup.eyehand.hand_surface import HandSurface
from dexterity_ros.bringup.eyehand.picture import AFTER_BGR, BEFORE_BGR, cropped, draw_outline, shaded, silhouette
from dexterity_ros.bringup.eyehand.poses import viewing_poses
from dexterity_ros.bringup.eyehand.starts import fit_from_afar, nominal
from dexterity_ros.bringup.eyehand.views import views
from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.prober import Prober
from dexterity_ros.bringup.robot_file import Table
from dexterity_ros.bringup.steps.camera_by_board import camera_by_board
from dexterity_ros.bringup.walk import CURRENT_A, Measured, Walk
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.frames import matrix_to_quat, rotation_angle, rotation_between
from dexterity_ros.contracts.ports import EyePort
from dexterity_ros.contracts.robot import CameraPlace, Estimate, RobotSpec, Zeros
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import DepthSample
from dexterity_ros.perception.surface_points import surface_points

POSES = 9  # Hydra saturates at 6 (arXiv 2504.20584); three more for the zeros
_BEYOND_M = 0.2  # what is this far behind the grasp centre is no hand
_MOST_STRAY, _MOST_RESIDUAL_M, _MOST_INTERVAL_M = 0.1, 0.003, 0.008
_UNKNOWN_ZERO_RAD = 0.08  # standard deviation where no interval was written: horns sit up to 8 degrees off
_LEARNED = 0.5  # a zero that gets less than this much better known is not observable
_SPACING_M = 0.0015  # of the points that outlines are drawn from: a pixel and less
_CHI_1 = 1.96


def camera(walk: Walk) -> Measured:
    """Looks at the hand in several poses and fits, or at a board. Raises HandError when neither is what is seen."""
    if walk.eye is None:
        raise HandError("the step camera needs a camera: --camera NAME")
    if walk.board is not None:
        return camera_by_board(walk, walk.eye, walk.board)
    if walk.robot.wiring is None or walk.robot.zeros is None:
        raise HandError("the step camera moves all joints at once: signs and zeros have to be measured first")
    hand, surface = walk.individual, HandSurface(walk.hand)
    images, joints = look(walk, walk.eye, hand, viewing_poses(walk.hand, surface, POSES))
    fitted = fit(walk.eye.camera, hand, surface, images, joints)
    check(fitted)
    robot = _written(walk, walk.eye.camera, fitted)
    return Measured(
        robot=robot,
        said=_said(walk.eye.camera, fitted),
        warnings=tuple(_unobservable(hand, fitted)),
        tables=(_zero_table(hand, fitted),),
        pictures=_draw(walk, surface, robot, images[-1], joints[-1], fitted) if walk.drawing else {},
    )


def look(walk: Walk, eye: EyePort, hand: RobotHand, poses: Sequence[Floats]) -> tuple[list[DepthSample], list[Floats]]:
    """Goes from pose to pose, (n,) rad. Returns an image of each and the joints as read then. Raises HandError."""
    images: list[DepthSample] = []
    joints: list[Floats] = []
    with walk.moving(hand) as manual:
        prober = Prober(manual, CURRENT_A)
        prober.to(np.array(hand.home_pos_rad))
        for pose in poses:
            prober.to(pose)
            prober.rest()
            joints.append(prober.rest())
            images.append(eye.see())
        prober.to(np.array(hand.home_pos_rad))
    return images, joints


def fit(
    spec: CameraSpec, hand: RobotHand, surface: HandSurface, images: Sequence[DepthSample], joints: Sequence[Floats]
) -> Fitted:
    """Returns camera, zeros and lengths from images (k) and the joints as read with each, (n,)."""
    centre = np.array(hand.grasp_centre_m)
    far_m = float(np.linalg.norm(centre - np.array(spec.pos_m))) + _BEYOND_M
    config = FitConfig(zero_rad=zero_sigmas(hand))
    return fit_from_afar(surface, config, centre, views(images, joints, spec, far_m), nominal(spec, surface))


def zero_sigmas(hand: RobotHand) -> Floats:
    """Returns how well each zero is known so far, standard deviations in rad, (n,)."""
    known = {} if hand.robot is None or hand.robot.zeros is None else hand.robot.zeros.zeros_rad
    halves = [
        _UNKNOWN_ZERO_RAD if name not in known or (half := _half(known[name])) is None else half / _CHI_1
        for name in hand.joint_names
    ]
    return np.maximum(np.array(halves), 1e-3)


def _half(estimate: Estimate) -> float | None:
    return None if estimate.low is None or estimate.high is None else 0.5 * (estimate.high - estimate.low)


def check(fitted: Fitted) -> None:
    """Raises HandError when a fit is not to be believed."""
    place_m, _ = fitted.camera_interval
    if fitted.stray > _MOST_STRAY or fitted.residual_m > _MOST_RESIDUAL_M:
        seen = f"{100 * fitted.stray:.0f} % of what is seen near it is not the hand, the rest is "
        said = f"{fitted.residual_m * 1e3:.1f} mm off its surface"
        raise HandError(f"the images do not fit the hand: {seen}{said}; is something in the way, or a zero wrong?")
    if place_m > _MOST_INTERVAL_M:
        raise HandError(f"the camera sees too little of the hand: its place is known to {place_m * 1e3:.0f} mm only")


def _written(walk: Walk, spec: CameraSpec, fitted: Fitted) -> RobotSpec:
    place_m, turn_rad = fitted.camera_interval
    x, y, z = fitted.estimate.pos_m.tolist()
    quat = matrix_to_quat(fitted.estimate.rotation).tolist()
    place = CameraPlace(
        measured=walk.today(),
        residual_m=fitted.residual_m,
        camera=spec.name,
        pos_m=(x, y, z),
        quat_wxyz=(quat[0], quat[1], quat[2], quat[3]),
        interval_m=place_m,
        interval_rad=turn_rad,
    )
    return replace(walk.robot, camera=place, zeros=_zeros(walk, fitted))


def _zeros(walk: Walk, fitted: Fitted) -> Zeros:
    """Returns zeros as the images and what was known before have them together."""
    moved, half = fitted.estimate.zeros_rad, fitted.zero_interval_rad
    at = walk.individual.zeros_rad - walk.individual.signs * moved
    table = {
        name: Estimate(nominal=float(zero), low=float(zero - width), high=float(zero + width))
        for name, zero, width in zip(walk.hand.joint_names, at, half, strict=True)
    }
    return Zeros(measured=walk.today(), residual_rad=float(np.sqrt(np.mean(moved**2))), zeros_rad=table)


def _said(spec: CameraSpec, fitted: Fitted) -> str:
    place_m, turn_rad = fitted.camera_interval
    moved = float(np.linalg.norm(fitted.estimate.pos_m - np.array(spec.pos_m)))
    turned = float(rotation_angle(rotation_between(np.array(spec.quat_wxyz), matrix_to_quat(fitted.estimate.rotation))))
    known = f"known to {place_m * 1e3:.1f} mm and {np.rad2deg(turn_rad):.2f} degrees"
    stands = f"{moved * 1e3:.0f} mm and {np.rad2deg(turned):.1f} degrees from its file"
    return f"{spec.name} stands {stands}, {known}; the hand is seen {fitted.residual_m * 1e3:.1f} mm off its surface"


def _unobservable(hand: RobotHand, fitted: Fitted) -> list[str]:
    """Returns what the images do not tell, by joint and by combination of joints."""
    names = np.array(hand.joint_names)
    said = [
        f"{name}: the images hardly tell its zero ({100 * share:.0f} % better known)"
        for name, share in zip(names, fitted.zero_learned, strict=True)
        if share < _LEARNED
    ]
    for value, direction in fitted.open_directions:
        most = np.argsort(-np.abs(direction))[:3]
        said.append(f"singular value {value:.2f} below 1: the zeros of {', '.join(names[most])} only as a sum")
    return said


def _zero_table(hand: RobotHand, fitted: Fitted) -> Table:
    moved, half = np.rad2deg(fitted.estimate.zeros_rad), np.rad2deg(fitted.zero_interval_rad)
    before = np.rad2deg(_CHI_1 * zero_sigmas(hand))
    rows = tuple(
        (name, f"{moved[i]:+.2f}", f"{before[i]:.2f}", f"{half[i]:.2f}") for i, name in enumerate(hand.joint_names)
    )
    return Table(
        title="Joint zeros, degrees: by how much the images move them, half of the 95 % interval before and after",
        header=("joint", "moved", "before", "after"),
        rows=rows,
    )


def _draw(
    walk: Walk, surface: HandSurface, robot: RobotSpec, image: DepthSample, read_rad: Floats, fitted: Fitted
) -> dict[str, str]:
    """Draws the hand's outline over what the camera sees, before and after. Returns file to caption."""
    assert walk.eye is not None
    points, picture = surface_points(surface.body.shape, _SPACING_M), shaded(image)
    before, after = walk.eye.camera, robot.placed(walk.eye.camera)
    old = np.stack(surface.body.links(read_rad))
    new = np.stack(surface.body.links(read_rad + fitted.estimate.zeros_rad, fitted.estimate.stretch))
    draw_outline(picture, points, old, before, BEFORE_BGR)
    draw_outline(picture, points, new, after, AFTER_BGR)
    masks = [silhouette(points, old, before), silhouette(points, new, after)]
    file = walk.file.pictures / "camera.png"
    cv2.imwrite(str(file), cropped(picture, masks))
    residual = f"{fitted.residual_m * 1e3:.1f} mm"
    return {
        str(
            file
        ): f"the hand's outline over the depth image: red as the camera's file says, green as fitted ({residual})"
    }
