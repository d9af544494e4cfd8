"""What is said of an imported hand: figures, and what a person has to look at."""

import numpy as np

from dexterity_ros.bringup.hands.answers import Answers, JointNumbers
from dexterity_ros.bringup.hands.fitted_parts import FitError
from dexterity_ros.bringup.hands.mjcf_text import HandDrawing
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.sim.foreign_hand import PRIMITIVES, ForeignHand
from dexterity_ros.sim.grasp_place import GraspPlace


def figures_of(
    foreign: ForeignHand, drawing: HandDrawing, errors: dict[str, FitError], place: GraspPlace
) -> dict[str, str]:
    """Returns what to show, by name. errors: of the shapes fitted to meshes, by link."""
    worst = max(errors, key=lambda name: errors[name].parts_out_p95_m + errors[name].mesh_out_p95_m, default="")
    kept = sum(geom.collides and geom.kind in PRIMITIVES for link in foreign.links for geom in link.geoms)
    fitted = sum(map(len, drawing.parts.values()))
    kinds = ", ".join(f"{count} {kind}" for kind, count in foreign.kinds.items())
    return {
        "joints": f"{len(drawing.joints)}, {len(drawing.fixed)} more stand still",
        "actuators in the file": kinds or "none",
        "fingertips": "\n".join(f"{tip.site} on {foreign.links[tip.link].name}: {tip.found}" for tip in drawing.tips),
        "mounted": f"up is {drawing.mount.up}, forward {drawing.mount.forward}: {drawing.mount.found}",
        "shapes": f"{kept} of the file, {fitted} fitted to meshes of {len(drawing.parts)} links",
        "fit": "no mesh collides" if not errors else _fit_said(errors),
        "worst link": "none" if not errors else f"{worst}: {errors[worst].described}",
        "do not collide": f"{len(drawing.excludes)} pairs of links: the file's, and those that always overlap",
        "grasp centre": f"{list(place.centre_m)} m",
        "cubes of 70 mm": place.grasps.described,
    }


def _fit_said(errors: dict[str, FitError]) -> str:
    """Returns the middle of the links' errors."""
    middle = FitError(
        mesh_out_p95_m=float(np.median([error.mesh_out_p95_m for error in errors.values()])),
        mesh_out_max_m=max(error.mesh_out_max_m for error in errors.values()),
        parts_out_p95_m=float(np.median([error.parts_out_p95_m for error in errors.values()])),
    )
    return f"median of the links: {middle.described}"


def to_decide(
    hand: HandFile, answers: Answers, drawing: HandDrawing, foreign: ForeignHand, numbers: dict[str, JointNumbers]
) -> list[str]:
    """Returns what a person has to look at or decide, each in one sentence."""
    points = [f"{name}: a stand-in, for you said that nobody knows it" for name in answers.unknown]
    if "home_pos_rad" in hand.unverified:
        points.append("home_pos_rad: proposed; see preview.png, and say `home` in the answers for another")
    if answers.grasp_centre_m is None:
        points.append("grasp_centre_m: proposed, where cubes came to rest; measure it with the hand in front of you")
    if answers.up is None:
        points.append(
            f"up: the palm is thought to face {drawing.mount.up} of the file; preview.png shows it from there"
        )
    torque = max(number.torque_nm for number in numbers.values())
    points.append(
        f"torque: the model gives up to {torque:g} N.m; what the motors give at max_current_a {hand.max_current_a:g} A "
        "is for you to compare"
    )
    bare = [link.name for link in foreign.links if link.geoms and not any(geom.collides for geom in link.geoms)]
    if bare and any(geom.collides for link in foreign.links for geom in link.geoms):
        points.append(f"links without a shape that collides, which cameras take for the object: {', '.join(bare)}")
    odd = sorted({geom.kind for link in foreign.links for geom in link.geoms if geom.kind in ("plane", "hfield")})
    if odd:
        points.append(f"left out: {', '.join(odd)} on links")
    points.append("signs and zeros: of each individual, in its robot.yaml; dexterity bringup measures them")
    return points
