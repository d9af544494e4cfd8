"""Slippery or sticky: a cube in the hand of which the hand has to say, once, how it feels.

Lying there, both feel alike; squeezed, a slippery one gives way sooner, which the joints show. The expert knows, says
so at once and never squeezes, so who imitates it never learns to.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.object import SHIPPED_OBJECT
from dexterity_ros.sim.physics import BatchPhysics
from dexterity_ros.sim.randomisation import ModelRandomisation, random_model
from dexterity_ros.sim.reset_pool import ResetPool
from dexterity_ros.sim.scene import PhysicsConfig, Scene, build_scene
from dexterity_ros.studies.choices import to_action, to_choice
from dexterity_ros.training.transition import Transition

SQUEEZE, RELEASE, SAY = 0, 1, 2  # SAY + 0: slippery, SAY + 1: sticky
ACTIONS, LEVELS, LIMIT = 4, 12, 20
_HAND, _OBJECT, JOINTS = "leap", SHIPPED_OBJECT, 16
# How far squeezed, and the joints' errors at each level so far; what is privileged ends with whether it is sticky.
OBSERVATION = (LEVELS + 1) * (JOINTS + 1)
_FRICTION = (0.2, 1.5)  # times that of the model
_SQUEEZE_RAD = {"if_mcp": 0.1, "mf_mcp": 0.1, "rf_mcp": 0.1, "th_cmc": 0.06}  # each level
_OPEN_RAD = {"if_mcp": -0.5, "mf_mcp": -0.5, "rf_mcp": -0.5}  # before an episode begins
_OPEN_STEPS, _STILL_STEPS = 8, 8
_NOISE_RAD, _ZERO_RAD = 0.003, 0.015
_STEP_COST = 0.01
_PHYSICS = PhysicsConfig(
    timestep_s=0.01, substeps=5, cone="elliptic", impratio=3.0, iterations=20, ls_iterations=15
)  # fmt: skip

Angles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _Start:
    """Where episodes begin, by how far the cube is squeezed: (LEVELS + 1, N, ...).

    state: nstate numbers. target: of the joints, rad. error: target - position, rad.
    """

    state: Angles
    target: Angles
    error: Angles


class Slippery:
    """N hands, every other with a sticky cube; a `Task`. A choice is a control step of 50 ms."""

    def __init__(self, hands: int, seed: int, *, anywhere: bool = False, threads: int = 2) -> None:
        """anywhere: episodes begin with the cube squeezed already now and then, as a simulator can arrange."""
        assert hands % 2 == 0, "half of the cubes are sticky"
        self._rng, self._share = np.random.default_rng(seed), 0.5 if anywhere else 0.0
        self._hand: HandSpec = load_hand(_HAND)
        scene = build_scene(self._hand, _OBJECT, _PHYSICS)
        self.sticky = np.arange(hands) % 2
        kinds = [ModelRandomisation(copies=1, friction=(factor, factor)) for factor in _FRICTION]
        models = [random_model(scene.model, kind, self._rng) for kind in kinds]
        self._physics = BatchPhysics(scene, [models[kind] for kind in self.sticky], threads=threads)
        self._squeeze, opening = self._offsets(_SQUEEZE_RAD), self._offsets(_OPEN_RAD)
        self._starts = self._prepare(scene, opening, threads)
        self._zero = np.zeros((hands, JOINTS))
        self._felt = np.zeros((hands, LEVELS + 1, JOINTS))
        self._level, self._steps = np.zeros(hands, dtype=np.int64), np.zeros(hands, dtype=np.int64)

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        self._begin(np.ones(len(self.sticky), dtype=bool))
        return self._observe()

    def step(self, action: Singles) -> Transition:
        """Takes one step; hands that have said something, or have run out of time, begin anew."""
        choice = to_choice(action, ACTIONS)
        self._move((choice == SQUEEZE).astype(int) - (choice == RELEASE).astype(int))
        self._steps += 1
        said = choice >= SAY
        right = said & (choice - SAY == self.sticky)
        done = said | (self._steps >= LIMIT)
        reward = right.astype(np.float32) - _STEP_COST
        self._begin(done)
        observation, privileged = self._observe()
        return Transition(
            observation=observation, privileged=privileged, reward=reward, terminated=done,
            truncated=np.zeros_like(done), restarted=done, reached=right, failed=done & ~right,
        )  # fmt: skip

    def close(self) -> None:
        """Stops the simulation threads."""
        self._physics.close()

    def _prepare(self, scene: Scene, opening: Angles, threads: int) -> _Start:
        """Returns grasps with the fingers opened a little, lying still: a cube that is held tells what it is."""
        hands = len(self.sticky)
        grasps = ResetPool(self._hand, scene, size=hands, threads=threads, rng=self._rng)
        self._state = grasps.draw(hands, self._rng)
        self._target = self._physics.joint_pos(self._state).copy()
        for step in range(_OPEN_STEPS + _STILL_STEPS):
            self._advance(opening / _OPEN_STEPS if step < _OPEN_STEPS else np.zeros(JOINTS))
        rows = []
        for _ in range(LEVELS + 1):
            rows.append((self._state, self._target, self._target - self._physics.joint_pos(self._state)))
            self._advance(self._squeeze)
        state, target, error = (np.stack(column) for column in zip(*rows, strict=True))
        return _Start(state=state, target=target, error=error)

    def _offsets(self, by_joint: dict[str, float]) -> Angles:
        return np.array([by_joint.get(joint.name, 0.0) for joint in self._hand.joints])

    def _begin(self, mask: NDArray[np.bool_]) -> None:
        """Begins with another hand's grasp of the same kind of cube."""
        begun, starts = np.flatnonzero(mask), self._starts
        grasp = 2 * self._rng.integers(0, len(mask) // 2, size=len(begun)) + self.sticky[begun]
        level = self._rng.integers(0, LEVELS + 1, size=len(begun)) * (self._rng.uniform(size=len(begun)) < self._share)
        self._state[begun], self._target[begun] = starts.state[level, grasp], starts.target[level, grasp]
        self._zero[begun] = _ZERO_RAD * self._rng.normal(size=(len(begun), JOINTS))
        felt = starts.error[:, grasp] + self._zero[begun]
        felt += _NOISE_RAD * self._rng.normal(size=felt.shape)
        felt[np.arange(LEVELS + 1)[:, None] > level] = 0.0
        self._felt[begun], self._level[begun], self._steps[begun] = felt.swapaxes(0, 1), level, 0

    def _move(self, direction: NDArray[np.int64]) -> None:
        level = np.clip(self._level + direction, 0, LEVELS)
        self._advance((level - self._level)[:, None] * self._squeeze)
        self._level = level
        noise = self._zero + _NOISE_RAD * self._rng.normal(size=self._zero.shape)
        felt = self._target - self._physics.joint_pos(self._state) + noise
        self._felt[np.arange(len(level)), level] = felt

    def _advance(self, change: Angles) -> None:
        target = np.clip(self._target + change, self._hand.lower_rad, self._hand.upper_rad)
        share = np.arange(1, _PHYSICS.substeps + 1)[None, :, None] / _PHYSICS.substeps
        states, _ = self._physics.advance(self._state, self._target[:, None] + share * (target - self._target)[:, None])
        self._state, self._target = states[:, -1].copy(), target

    def _observe(self) -> tuple[Singles, Singles]:
        level = np.eye(LEVELS + 1)[self._level]
        seen = np.concatenate([level, self._felt.reshape(len(level), -1)], axis=1).astype(np.float32)
        return seen, np.concatenate([seen, self.sticky[:, None].astype(np.float32)], axis=1)


def knowing_expert(privileged: Singles) -> Singles:
    """Says what it knows."""
    return to_action(SAY + privileged[:, OBSERVATION].astype(np.int64), ACTIONS)


def squeezing_expert(privileged: Singles) -> Singles:
    """Squeezes as far as it goes, then says what it knows: until then it does the same whatever it knows."""
    level = privileged[:, : LEVELS + 1].argmax(axis=1)
    said = SAY + privileged[:, OBSERVATION].astype(np.int64)
    return to_action(np.where(level < LEVELS, SQUEEZE, said), ACTIONS)
