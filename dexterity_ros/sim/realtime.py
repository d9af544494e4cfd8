"""One simulated hand that runs beside the clock; an ActuatedJointsPort with an object and its truth."""

import threading

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.robot import RobotSpec
from dexterity_ros.contracts.samples import PoseSample
from dexterity_ros.contracts.sources import ObservationInputs
from dexterity_ros.sim.overlay import lay_over
from dexterity_ros.sim.reset_pool import ResetPool
from dexterity_ros.sim.scene import FULL_STATE, PhysicsConfig, build_scene
from dexterity_ros.sim.sources import Bodies, with_simulated

# An unpowered 288:1 gearbox hardly turns backwards: dry friction in N.m that stands for it. Assumed, not measured.
_UNPOWERED_FRICTION_NM = 0.3


class Pace:
    """How fast simulated time runs beside the clock."""

    def __init__(self, now_ns: int) -> None:
        self._began_ns = now_ns
        self._before_s = (0.0, 0.0)

    def figures(self, simulated_s: float, now_ns: int) -> dict[str, float]:
        """Returns realtime_factor since the last call (1 = as fast as the clock), and simulated_s, elapsed_s in all.

        Args:
            simulated_s: how much time has been simulated so far, s.
            now_ns: monotonic clock.
        """
        elapsed_s = (now_ns - self._began_ns) * 1e-9
        (simulated_before_s, before_s), self._before_s = self._before_s, (simulated_s, elapsed_s)
        factor = (simulated_s - simulated_before_s) / max(elapsed_s - before_s, 1e-3)
        return {
            "realtime_factor": round(factor, 3),
            "simulated_s": round(simulated_s, 3),
            "elapsed_s": round(elapsed_s, 3),
        }


class RealtimeHand:
    """Physics of one hand and one object. Thread-safe: a stepping thread beside callers that measure and command."""

    def __init__(
        self,
        hand: HandSpec,
        object_name: str,
        physics: PhysicsConfig,
        *,
        pool: int,
        seed: int,
        robot: RobotSpec | None = None,
    ) -> None:
        """Builds the scene and `pool` starting grasps, and starts in one of them with torque off.

        robot: what was measured of one hand, which then is the simulated one.
        """
        self._hand, self._scene = hand, build_scene(hand, object_name, physics)
        lay_over([self._scene], hand, robot)
        self._model = self._scene.model
        self._powered_gain = self._model.actuator_gainprm.copy()
        self._powered_bias = self._model.actuator_biasprm.copy()
        self._powered_friction = self._model.dof_frictionloss.copy()
        self._data = mujoco.MjData(self._model)
        self._rng, self._noise = np.random.default_rng(seed), np.random.default_rng([seed, 5])
        self._pool = ResetPool(hand, self._scene, size=pool, threads=1, rng=self._rng)
        self._lock = threading.Lock()
        self._powered: bool | None = None
        self.timestep_s = physics.timestep_s
        self.simulated_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Puts hand and object into a random settled grasp, at rest, torque off."""
        state = self._pool.draw(1, self._rng)[0]
        with self._lock:
            mujoco.mj_resetData(self._model, self._data)
            mujoco.mj_setState(self._model, self._data, state, FULL_STATE)
            self._data.ctrl[self._scene.actuators] = self._data.qpos[self._scene.joint_qpos]
            self._power(False)
            mujoco.mj_forward(self._model, self._data)

    def advance(self, steps: int) -> None:
        """Steps the physics `steps` times."""
        with self._lock:
            mujoco.mj_step(self._model, self._data, steps)
        self.simulated_s += steps * self.timestep_s

    def joint_names(self) -> tuple[str, ...]:
        """Returns the joint names in policy order."""
        return self._hand.joint_names

    def measure(self) -> tuple[Floats, Floats]:
        """Returns joint positions in rad and velocities in rad/s, (n,)."""
        with self._lock:
            return self._data.qpos[self._scene.joint_qpos].copy(), self._data.qvel[self._scene.joint_qvel].copy()

    def command(self, pos_rad: Floats) -> None:
        """Sets the position targets, (n,) rad."""
        with self._lock:
            self._data.ctrl[self._scene.actuators] = pos_rad

    def set_torque(self, enabled: bool) -> None:
        """Powers the motors; unpowered, only their gearboxes resist."""
        with self._lock:
            self._power(enabled)

    def weaken(self, joint: int, share: float) -> None:
        """Leaves a joint only a share of its stiffness: a motor with the wrong gain."""
        actuator = self._scene.actuators[joint]
        with self._lock:
            self._powered_gain[actuator] *= share
            self._powered_bias[actuator] *= share
            self._powered = None

    def knock(self, vel_m_s: Floats) -> None:
        """Gives the object a velocity, (3,) in the hand frame: somebody knocks it out of the hand."""
        with self._lock:
            self._data.qvel[self._scene.object_qvel[:3]] = vel_m_s

    def object_pose(self, stamp_ns: int) -> PoseSample:
        """Returns the true T_hand_object."""
        with self._lock:
            qpos = self._data.qpos[self._scene.object_qpos].copy()
        return PoseSample(stamp_ns=stamp_ns, pos_m=qpos[:3], quat_wxyz=qpos[3:])

    def further(self, stamp_ns: int) -> ObservationInputs:
        """Returns what the sensors besides joints and object say."""
        return with_simulated(ObservationInputs({}), lambda: self._bodies(stamp_ns), self._noise)

    def _bodies(self, stamp_ns: int) -> Bodies:
        with self._lock:
            qpos, qvel = self._data.qpos.copy(), self._data.qvel.copy()
            tips_m = self._data.sensordata[self._scene.tip_sensors]
        place = qpos[self._scene.object_qpos]
        return Bodies(
            stamp_ns=stamp_ns,
            joint_pos_rad=qpos[self._scene.joint_qpos],
            joint_vel_rad_s=qvel[self._scene.joint_qvel],
            object_pos_m=place[:3],
            object_quat_wxyz=place[3:],
            tips_m=tips_m,
        )

    def state(self) -> Floats:
        """Returns MuJoCo's full physics state."""
        with self._lock:
            state = np.zeros(mujoco.mj_stateSize(self._model, FULL_STATE))
            mujoco.mj_getState(self._model, self._data, state, FULL_STATE)
        return state

    def _power(self, enabled: bool) -> None:
        if enabled == self._powered:
            return
        self._powered = enabled
        scale = 1.0 if enabled else 0.0
        self._model.actuator_gainprm[:] = self._powered_gain * scale
        self._model.actuator_biasprm[:] = self._powered_bias * scale
        friction = self._powered_friction.copy()
        if not enabled:
            friction[self._scene.joint_qvel] = _UNPOWERED_FRICTION_NM
        self._model.dof_frictionloss[:] = friction
