"""The hand as a task for imitation: the student sees its sensors, the expert what is privileged, both act alike."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts.arrays import Singles
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.outputs import ACTION
from dexterity_ros.contracts.samples import GoalSample
from dexterity_ros.contracts.sources import GOAL
from dexterity_ros.contracts.spec import VECTOR, ActionSpec, ObservationSpec
from dexterity_ros.observation.builder import build_observation, check_spec, looks_back
from dexterity_ros.observation.memory import observe_object, seed_memory
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.sim.env_config import EnvStep
from dexterity_ros.sim.sensors import choose
from dexterity_ros.sim.snapshot import Snapshot, put_back, take
from dexterity_ros.tasks.episode import Episode, new_episode
from dexterity_ros.tasks.goals import sample_goals
from dexterity_ros.tasks.sight import Moment, goal_error_rad
from dexterity_ros.training.transition import Transition

_STANDING = ("_memory", "_imagined", "_pursued", "_imagined_ns", "_rng")


class BundleExpert:
    """An `Expert`: a policy without memory, from its bundle. It sees its observation, made from perfect samples.

    What is privileged beyond that it returns as it is: 1 where the goal is reached, -1 elsewhere.
    """

    def __init__(self, bundle: Path, hand: HandSpec, action: ActionSpec) -> None:
        """Raises BundleError when it has memory, or acts otherwise than the student is to."""
        manifest, self._network = load_policy(bundle)
        manifest.check_hand(hand)
        check_spec(manifest.observation, len(hand.joints))
        if manifest.convention is not None:
            raise BundleError(
                f"{manifest.name} counts joints in its own way; an expert's action must mean what ours does"
            )
        if manifest.state_width > 0 or looks_back(manifest.observation):
            raise BundleError(f"{manifest.name} has memory; an expert is asked about states that it did not come to")
        if replace(manifest.action, max_lead_rad=None) != replace(
            action, max_lead_rad=None
        ):  # a limit is the decoder's
            raise BundleError(f"{manifest.name} acts by {manifest.action}, the student by {action}; they must be alike")
        self.manifest = manifest

    def __call__(self, privileged: Singles) -> Singles:
        """Returns actions within the clip range, (N, n)."""
        width = self.manifest.observation.width
        outputs, _ = self._network({VECTOR: privileged[:, :width]}, privileged[:, :0])
        clipped = np.clip(outputs[ACTION.name], -self.manifest.action.clip, self.manifest.action.clip)
        return np.concatenate([clipped, privileged[:, width:]], axis=1)


class HandTask:
    """N hands turning objects; a `Task` with `ManyGoals`. An attempt is a goal, an episode may have many."""

    _imagined_ns: NDArray[np.int64]
    _pursued: Episode

    def __init__(
        self,
        env: ReorientEnv,
        expert: ObservationSpec,
        seed: int = 0,
        *,
        stop_head: bool = False,
        restricted: bool = False,
        watch: Callable[[EnvStep], None] = lambda _step: None,
    ) -> None:
        """expert: what the expert sees is made of. The student sees what the environment shows.

        restricted: the expert sees what sensors say, too, and what is privileged is no more than that. watch: called
        with every step of the environment.

        stop_head: actions and what is privileged have one number more, whether the goal is reached. A goal that is
        reached is followed by the next, so only goals that nobody pursues show it; half of them are near, then, and
        stay.
        """
        self.env, self._expert, self._rng = env, expert, np.random.default_rng([seed, 3])
        self._restricted, self._watch = restricted, watch
        self._stop_head, self._near = stop_head, replace(env.task, goal_rad=(0.0, 2.0 * env.task.success_rad))
        true = env.true_inputs()
        self._memory = seed_memory(true)
        self._restart_imagination()

    def restart(self) -> tuple[Singles, Singles]:
        """Begins all episodes anew. Returns (observation, privileged)."""
        observation, _ = self.env.reset()
        true = self.env.true_inputs()
        self._memory = seed_memory(true)
        self._restart_imagination()
        return observation, self._privileged()

    def step(self, action: Singles) -> Transition:
        """Takes one control step by raw actions, (N, n), with a stop head (N, n + 1)."""
        step = self.env.step(action[:, : len(self.env.hand.joints)])
        self._watch(step)
        final, true = self._final_privileged(step), self.env.true_inputs()
        self._memory = choose(step.restarted, seed_memory(true), self._memory)
        return Transition(
            observation=step.observation,
            privileged=self._privileged(),
            final_privileged=final,
            reward=step.reward.astype(np.float32),
            terminated=step.restarted & ~step.truncated,
            truncated=step.truncated,
            restarted=step.restarted,
            reached=step.reached,
            failed=step.failed & ~step.reached,
        )

    def snapshot(self) -> Snapshot:
        """Returns where all hands stand."""
        return take(self, _STANDING) | {"env": self.env.snapshot()}

    def restore(self, values: Snapshot) -> None:
        """Goes on where a task of the same configuration stood."""
        self.env.restore(values["env"])
        put_back(self, {name: values[name] for name in _STANDING})

    def imagine(self) -> tuple[Singles, Singles]:
        """Returns (observation, privileged) with another goal for each hand, pursued as long as a real one would be."""
        env, quat = self.env, self.env.physics.object_quat(self.env.state)
        self._imagined_ns = self._imagined_ns + self._pursued.period_ns
        self._pursued, verdict = self._pursued.step(self._imagined_moment())
        steps = self._pursued.look(self._imagined_moment()).age_steps
        longest = self._pursued.usual_limit_ns // self._pursued.period_ns
        over = steps > self._rng.integers(1, longest, size=len(quat))
        if not self._stop_head:
            over |= verdict.there
        if over.any():
            self._imagined[over] = self._imaginable(quat[over])
            self._pursued = self._pursued.given(over, self._imagined_moment())
        goal = GoalSample(stamp_ns=env.inputs[GOAL].stamp_ns, quat_wxyz=self._imagined)
        seen: Singles = build_observation(env.observation_spec, env.inputs.having(GOAL, goal), env.memory)
        inputs, memory = (env.inputs, env.memory) if self._restricted else (env.true_inputs(), self._memory)
        known: Singles = build_observation(self._expert, inputs.having(GOAL, goal), memory)
        return seen, self._with_verdict(known, self._imagined)

    def _imaginable(self, quat: NDArray[np.float64]) -> NDArray[np.float64]:
        goals = sample_goals(self.env.task, quat, self._rng)
        if self._stop_head:
            near = self._rng.uniform(size=len(quat)) < 0.5
            goals[near] = sample_goals(self._near, quat[near], self._rng)
        return goals

    def _with_verdict(self, privileged: Singles, goal_quat_wxyz: NDArray[np.float64]) -> Singles:
        if not self._stop_head:
            return privileged
        error = goal_error_rad(self.env.physics.object_quat(self.env.state), goal_quat_wxyz, self.env.episode.symmetry)
        verdict = np.where(error < self.env.task.success_rad, 1.0, -1.0)[:, None]
        return np.concatenate([privileged, verdict.astype(np.float32)], axis=1)

    def _privileged(self) -> Singles:
        if self._restricted:
            seen: Singles = build_observation(self._expert, self.env.inputs, self.env.memory)
            return self._with_verdict(seen, self.env.inputs[GOAL].quat_wxyz)
        true, shared = self.env.true_inputs(), self.env.memory
        memory = replace(self._memory, target_pos_rad=shared.target_pos_rad, action=shared.action)
        self._memory = observe_object(memory, true)
        privileged: Singles = build_observation(self._expert, true, self._memory)
        return self._with_verdict(privileged, self.env.inputs[GOAL].quat_wxyz)

    def _final_privileged(self, step: EnvStep) -> Singles | None:
        """Returns what is privileged before hands were restarted, where time was up for any."""
        if self._restricted or self._stop_head or not step.truncated.any():  # those learn from no rewards
            return None
        true, shared = step.final_inputs, step.final_memory
        memory = replace(self._memory, target_pos_rad=shared.target_pos_rad, action=shared.action)
        privileged: Singles = build_observation(self._expert, true, observe_object(memory, true))
        return privileged

    def _restart_imagination(self) -> None:
        count = self.env.num_envs
        self._imagined = sample_goals(self.env.task, self.env.physics.object_quat(self.env.state), self._rng)
        self._imagined_ns = np.zeros(count, dtype=np.int64)
        once = replace(self.env.task, hold_steps=1)  # a goal that nobody pursues is over as soon as it is reached
        pursued = new_episode(
            once,
            self.env.hand.grasp_centre_m,
            count,
            period_s=self.env.config.physics.control_period_s,
            symmetry=self.env.episode.symmetry,
        )
        self._pursued = pursued.given(np.ones(count, dtype=bool), self._imagined_moment())

    def _imagined_moment(self) -> Moment:
        """Returns the objects with the goals that nobody pursues, by the clock of those."""
        physics, state = self.env.physics, self.env.state
        return Moment(
            now_ns=self._imagined_ns,
            pos_m=physics.object_pos(state),
            quat_wxyz=physics.object_quat(state),
            goal_quat_wxyz=self._imagined,
        )
