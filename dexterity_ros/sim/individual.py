"""The mechanics of one emulated individual: what its hidden.yaml says, and more than any fitted model has.

Each motor is a rotor of its own that drives its link through a gear with play. The controller sees the link, as the
sensor of a Dynamixel sits at its output. Friction grows with the motor's torque, commands come late, links meet stops.
"""

from collections import deque
from collections.abc import Mapping

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.ports import MotorPull
from dexterity_ros.contracts.robot import Estimate, JointDynamics, RobotSpec

TIMESTEP_S = 0.001
TORQUE_AT_A = 0.35  # the current at which a motor gives its torque_limit_nm: limit of the shipped policies
_UNPOWERED_FRICTION_NM = 0.3  # a 288:1 gearbox hardly turns backwards; as in sim/realtime.py, assumed
# Shares of the damping: back-EMF and D gain act on the voltage, inside the current limit, and gears outside it. Their
# sum within the limit is that of models/hands/leap/hand.xml (0.17 of 0.2); how it divides is assumed, A18.
_EMF_SHARE, _D_SHARE, _GEAR_SHARE = 0.45, 0.40, 0.15
_LINK_ARMATURE, _LINK_DAMPING = 2e-5, 1e-3  # of a link that its gear does not touch
_HARD_SOLREF, _HARD_SOLIMP = (0.004, 1.0), (0.99, 0.999, 0.001, 0.5, 2.0)  # teeth and stops give by 0.1 degrees
_DRY_SOLIMP = (0.999, 0.9999, 0.001, 0.5, 2.0)  # dry friction holds: MuJoCo's own creeps by degrees in a second
_LONGEST_S = 0.25  # of one advance: a machine that stands still does not make up for it


class IndividualHand:
    """A hand in air, without an object: a GearedJointsPort. Joint angles are the anatomy's, whatever motors show.

    most_rad_s: the fastest that a link has moved while its motor had torque, counted in every step of the physics.
    """

    def __init__(self, hand: HandFile, hidden: RobotSpec, *, pose_rad: Floats | None = None) -> None:
        """pose_rad: where it starts, at rest, (n,); default: home. Raises ConfigError when something is not said."""
        if hidden.dynamics is None or hidden.stops is None:
            raise ConfigError(f"{hidden.name} is no hidden.yaml: dynamics and stops are needed")
        self._names = hand.joint_names
        self._read(hidden)
        self.model = _model(hand, hidden, self._backlash)
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(name) for name in self._names]
        self.qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.array([joint.dofadr[0] for joint in joints])
        rotors = [self.model.joint(f"{name}_rotor") for name in self._names]
        self._rotor_pos = np.array([joint.qposadr[0] for joint in rotors])
        self._rotor = np.array([joint.dofadr[0] for joint in rotors])
        start = np.array(hand.home_pos_rad) if pose_rad is None else pose_rad
        self.data.qpos[self.qpos] = self.data.qpos[self._rotor_pos] = start
        mujoco.mj_forward(self.model, self.data)
        n = len(self._names)
        self._torque = np.zeros(n)
        self.most_rad_s = 0.0
        self._late: deque[tuple[float, MotorPull]] = deque()
        ones = np.ones(n)
        self._now = MotorPull(goal_rad=start, p_share=ones, d_share=ones, limit_a=ones, powered=np.zeros(n, dtype=bool))
        self._owed_s = 0.0

    def joint_names(self) -> tuple[str, ...]:
        """Returns the names in policy order."""
        return self._names

    def measure(self) -> tuple[Floats, Floats]:
        """Returns positions in rad and velocities in rad/s of the links, (n,)."""
        return self.data.qpos[self.qpos].copy(), self.data.qvel[self._dof].copy()

    def current_a(self) -> Floats:
        """Returns what the motors draw, (n,)."""
        return self._torque / self._torque_per_a

    def pull(self, pull: MotorPull) -> None:
        """Sets what the motors do, once it has reached them."""
        self._late.append((self.data.time, pull))

    def advance(self, duration_s: float) -> None:
        """Steps the physics by so much time; what is less than a step is owed to the next call."""
        self._owed_s += min(duration_s, _LONGEST_S)
        steps = int(self._owed_s / TIMESTEP_S)
        self._owed_s -= steps * TIMESTEP_S
        for _ in range(steps):
            self._step()

    def _read(self, hidden: RobotSpec) -> None:
        joints = {} if hidden.dynamics is None else hidden.dynamics.joints
        self._stiffness = _column(self._names, joints, "stiffness_nm_rad")
        damping = _column(self._names, joints, "damping_nm_s_rad")
        self._emf, self._d, self._gear = (share * damping for share in (_EMF_SHARE, _D_SHARE, _GEAR_SHARE))
        self._friction = _column(self._names, joints, "friction_loss_nm")
        self._load_friction = _column(self._names, joints, "load_friction")
        self._torque_per_a = _column(self._names, joints, "torque_limit_nm") / TORQUE_AT_A
        self._backlash = _column(self._names, joints, "backlash_rad")
        late = None if hidden.latency is None else hidden.latency.command_to_motion
        self._delay_s = 0.0 if late is None else late.p50_s

    def _step(self) -> None:
        while self._late and self._late[0][0] + self._delay_s <= self.data.time + 1e-9:
            self._now = self._late.popleft()[1]
        now, data = self._now, self.data
        error = now.goal_rad - data.qpos[self.qpos]
        damping = (self._emf + self._d * now.d_share) * data.qvel[self._rotor]
        most = now.limit_a * self._torque_per_a
        torque = np.clip(self._stiffness * now.p_share * error - damping, -most, most)
        self._torque = np.where(now.powered, torque, 0.0)
        data.qfrc_applied[self._rotor] = self._torque - self._gear * data.qvel[self._rotor]
        loaded = self._friction + self._load_friction * np.abs(self._torque)
        self.model.dof_frictionloss[self._rotor] = np.where(now.powered, loaded, _UNPOWERED_FRICTION_NM)
        mujoco.mj_step(self.model, data)
        self.most_rad_s = max(self.most_rad_s, float((np.abs(data.qvel[self._dof]) * now.powered).max()))


def _column(names: tuple[str, ...], joints: Mapping[str, JointDynamics], key: str) -> Floats:
    """Returns one parameter of all joints, (n,). Raises ConfigError for what is not said."""
    values: list[Estimate | None] = [getattr(joints.get(name), key, None) for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if value is None]
    if missing:
        raise ConfigError(f"the hidden hand has no {key} of {missing}")
    return np.array([value.nominal for value in values if value is not None])


def _model(hand: HandFile, hidden: RobotSpec, backlash_rad: Floats) -> mujoco.MjModel:
    """Returns the hand's model with this individual's links and stops, and a rotor behind each joint."""
    spec = mujoco.MjSpec.from_file(str(hand.mjcf_path))
    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for actuator in list(spec.actuators):
        spec.delete(actuator)
    assert hidden.dynamics is not None and hidden.stops is not None
    lengths: Mapping[str, Estimate] = {} if hidden.links is None else hidden.links.lengths
    for i, name in enumerate(hand.joint_names):
        joint = spec.joint(name)
        joint.range = [hidden.stops.lower_rad[name].nominal, hidden.stops.upper_rad[name].nominal]
        joint.armature, joint.frictionloss = _LINK_ARMATURE, 0.0
        joint.damping = [_LINK_DAMPING, 0.0, 0.0]  # of the powers of its speed
        joint.actfrclimited = False
        joint.solref_limit, joint.solimp_limit = _HARD_SOLREF, _HARD_SOLIMP
        if name in lengths:
            _stretch(joint.parent, lengths[name].nominal)
        armature = hidden.dynamics.joints[name].armature_kg_m2
        assert armature is not None
        _add_rotor(spec, name, armature.nominal, float(backlash_rad[i]))
    return spec.compile()


def _stretch(body: mujoco.MjsBody, factor: float) -> None:
    """Moves everything that a link carries away from its joint by a factor; the shapes keep their size."""
    for part in (*body.bodies, *body.sites, *body.geoms):
        part.pos = np.asarray(part.pos) * factor
    for geom in body.geoms:
        ends = np.asarray(geom.fromto)
        if not np.isnan(ends).any():
            geom.fromto = ends * factor


def _add_rotor(spec: mujoco.MjSpec, name: str, armature_kg_m2: float, backlash_rad: float) -> None:
    body = spec.worldbody.add_body(name=f"{name}_rotor")
    body.mass, body.inertia, body.explicitinertial = 1e-6, [1e-9] * 3, True
    body.add_joint(
        name=f"{name}_rotor",
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[0.0, 0.0, 1.0],
        armature=armature_kg_m2,
        frictionloss=_UNPOWERED_FRICTION_NM,
        solref_friction=_HARD_SOLREF,
        solimp_friction=_DRY_SOLIMP,
    )
    gear = spec.add_tendon(name=f"{name}_gear", limited=True, range=[-0.5 * backlash_rad, 0.5 * backlash_rad])
    gear.solref_limit, gear.solimp_limit = _HARD_SOLREF, _HARD_SOLIMP
    gear.wrap_joint(name, 1.0)
    gear.wrap_joint(f"{name}_rotor", -1.0)
