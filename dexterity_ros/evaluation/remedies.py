"""What a hand that is stuck may try; the fork test (evaluation/fork_test.py) tells which of it helps."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import DexterityError, Fault
from dexterity_ros.contracts.frames import quat_multiply, rotvec_to_quat
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, ObservationInputs
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick

# (pipeline, inputs, now_ns, remedy's own draws) to targets, (N, n): what is done as long as the remedy leads
Remedy = Callable[[PolicyPipeline, ObservationInputs, int, np.random.Generator], Floats]

DECOY_RAD = 1.2
_NOISE = 0.4  # standard deviation of the noise, in actions


def nothing(pipeline: PolicyPipeline, inputs: ObservationInputs, now_ns: int, _rng: np.random.Generator) -> Floats:
    """The policy goes on as it did."""
    return _tick(pipeline.step(inputs, now_ns)).target.pos_rad


def noise(pipeline: PolicyPipeline, inputs: ObservationInputs, now_ns: int, rng: np.random.Generator) -> Floats:
    """White noise on the policy's targets, as large as noise of 0.4 on its actions."""
    tick, hand = _tick(pipeline.step(inputs, now_ns)), pipeline.hand
    shaken = tick.target.pos_rad + _NOISE * pipeline.manifest.action.scale_rad * rng.normal(
        size=tick.target.pos_rad.shape
    )
    target: Floats = np.clip(shaken, hand.lower_rad, hand.upper_rad)
    pipeline.overrule(target)
    return target


def measured(pipeline: PolicyPipeline, inputs: ObservationInputs, now_ns: int, rng: np.random.Generator) -> Floats:
    """The policy's last targets are forgotten in every step: it goes on from where the joints are."""
    pipeline.overrule(inputs[JOINTS].pos_rad)
    return nothing(pipeline, inputs, now_ns, rng)


def start_pose(pipeline: PolicyPipeline, inputs: ObservationInputs, now_ns: int, _rng: np.random.Generator) -> Floats:
    """Towards the pose that the policy starts from, as fast as the policy could move."""
    wanted = np.broadcast_to(pipeline.manifest.start_pos, inputs[JOINTS].pos_rad.shape)
    instead = pipeline.towards(wanted, inputs)
    return _tick(pipeline.step(inputs, now_ns, instead=instead)).target.pos_rad


class DecoyGoal:
    """The policy is shown another goal, 1.2 rad from where the object is when the remedy begins, about any axis."""

    def __init__(self) -> None:
        self._goal: Floats | None = None

    def __call__(
        self, pipeline: PolicyPipeline, inputs: ObservationInputs, now_ns: int, rng: np.random.Generator
    ) -> Floats:
        """Returns the policy's targets for the decoy."""
        if self._goal is None:
            axis = rng.normal(size=inputs[OBJECT_POSE].pos_m.shape)
            turn = DECOY_RAD * axis / np.sqrt((axis**2).sum(axis=-1, keepdims=True))
            self._goal = quat_multiply(rotvec_to_quat(turn), inputs[OBJECT_POSE].quat_wxyz)
        shown = inputs.having(GOAL, replace(inputs[GOAL], quat_wxyz=self._goal))
        return nothing(pipeline, shown, now_ns, rng)


# name to (a new remedy, for how long it leads in s)
REMEDIES: dict[str, tuple[Callable[[], Remedy], float]] = {
    "nothing": (lambda: nothing, 0.0),
    "noise": (lambda: noise, 1.5),
    "measured": (lambda: measured, 0.5),
    "start_pose": (lambda: start_pose, 1.0),
    "decoy_goal": (DecoyGoal, 1.5),
}


def _tick(result: Tick | Fault) -> Tick:
    if isinstance(result, Fault):
        raise DexterityError(f"the pipeline refused simulated samples: {result}")
    return result
