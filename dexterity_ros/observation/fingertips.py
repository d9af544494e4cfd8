"""Where the fingertips are, from the joints: forward kinematics along the fingers, elementwise, for any batch."""

import numpy as np

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.frames import Array, quat_rotate, rotvec_to_quat
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import HandShape, Link, Tip


class Fingertips:
    """The chains of links from the hand's frame to its fingertips."""

    def __init__(self, hand: HandSpec, shape: HandShape) -> None:
        """Raises ConfigError when the shape does not say where a fingertip is."""
        tips = {tip.site: tip for tip in shape.tips}
        missing = [site for site in hand.fingertip_sites if site not in tips]
        if missing:
            raise ConfigError(f"the shape of {hand.name} has the tips {sorted(tips)}, not {missing}: make it anew")
        self._joints = hand.joint_names
        self._chains = {site: (_chain(shape, tips[site]), tips[site]) for site in hand.fingertip_sites}

    def at(self, pos_rad: Array) -> dict[str, Array]:
        """Returns the positions in the hand frame, m, (..., 3) by site. pos_rad: (..., n), the hand's own order."""
        return {site: self._tip(chain, tip, pos_rad) for site, (chain, tip) in self._chains.items()}

    def _tip(self, chain: list[Link], tip: Tip, pos_rad: Array) -> Array:
        """Goes from the tip to the hand: into the parent's frame, link by link."""
        place = np.broadcast_to(np.array(tip.pos_m), (*pos_rad.shape[:-1], 3))
        for link in chain:
            quat = np.array(link.quat_wxyz)
            if link.joint:
                angle = pos_rad[..., self._joints.index(link.joint)][..., None]
                anchor = np.array(link.anchor_m)
                place = anchor + quat_rotate(rotvec_to_quat(angle * np.array(link.axis)), place - anchor)
            place = np.array(link.pos_m) + quat_rotate(quat, place)
        return place


def _chain(shape: HandShape, tip: Tip) -> list[Link]:
    """Returns the links from the tip's to the first, that order."""
    links, at = [], tip.link
    while at >= 0:
        links.append(shape.links[at])
        at = shape.links[at].parent
    return links
