"""Where a hand and its object probably are: a simulation that follows measurements, so that nothing interpenetrates.

After the corrector of DROP (arXiv 2409.14562), whose spring pulls a simulated object towards the measured pose. Here a
share of the difference is taken over at every control step, and the contacts of the next step do the rest.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.frames import (
    quat_multiply,
    quat_normalise,
    quat_to_rotvec,
    rotation_between,
    rotvec_to_quat,
)
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.ranges import SHARE, Checked
from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.scene import PhysicsConfig, build_scene


@dataclass(frozen=True, kw_only=True)
class CorrectorConfig(Checked):
    """Shares of the difference between measured and simulated that are taken over per control step; 1 = believed."""

    joints: Annotated[float, SHARE] = 1.0
    position: Annotated[float, SHARE] = 0.4
    rotation: Annotated[float, SHARE] = 0.25


BELIEVED = CorrectorConfig(joints=1.0, position=1.0, rotation=1.0)


class Corrector:
    """Follows N hands. The model is the nominal one, whatever the real hands are like."""

    def __init__(
        self,
        hand: HandSpec,
        object_name: str,
        physics: PhysicsConfig,
        config: CorrectorConfig,
        *,
        count: int,
        threads: int = 1,
    ) -> None:
        """count: N."""
        scene = build_scene(hand, object_name, physics)
        self._config, self._substeps = config, physics.substeps
        self.physics = BatchPhysics(scene, [scene.model] * count, threads=threads)
        self.state = np.zeros((count, self.physics.state_size))

    def restart(self, inputs: ObservationInputs) -> None:
        """Begins at what is measured, (N, ...), at rest."""
        self.state = self.physics.compose(
            joint_pos_rad=inputs[JOINTS].pos_rad,
            object_pos_m=inputs[OBJECT_POSE].pos_m,
            object_quat_wxyz=inputs[OBJECT_POSE].quat_wxyz,
        )

    def step(self, target_rad: Floats, inputs: ObservationInputs, which: NDArray[np.int64]) -> None:
        """Goes on by one control step with the targets that acted, (N, n), and takes over what is measured then."""
        control = np.repeat(target_rad[which, None], self._substeps, axis=1)
        states, _ = self.physics.advance(self.state[which], control, which=which)
        self.state[which] = self._corrected(states[:, -1], inputs, which)

    def _corrected(self, state: Floats, inputs: ObservationInputs, which: NDArray[np.int64]) -> Floats:
        config, physics, pose = self._config, self.physics, inputs[OBJECT_POSE]
        joints, vel = physics.joint_pos(state), physics.joint_vel(state)
        position, quat = physics.object_pos(state), physics.object_quat(state)
        turn = quat_to_rotvec(rotation_between(quat, pose.quat_wxyz[which]))
        return physics.placed(
            state,
            joint_pos_rad=joints + config.joints * (inputs[JOINTS].pos_rad[which] - joints),
            joint_vel_rad_s=vel + config.joints * (inputs[JOINTS].vel_rad_s[which] - vel),
            object_pos_m=position + config.position * (pose.pos_m[which] - position),
            object_quat_wxyz=quat_normalise(quat_multiply(rotvec_to_quat(config.rotation * turn), quat)),
        )

    def close(self) -> None:
        """Stops the threads."""
        self.physics.close()
