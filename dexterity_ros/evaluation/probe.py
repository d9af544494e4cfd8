"""Runs a policy as its manifest says, and under other conventions, and says which one behaves."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats
from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.frames import rotation_angle, rotation_between
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.ports import NetworkPort
from dexterity_ros.contracts.sources import JOINTS, ObservationInputs
from dexterity_ros.evaluation.conventions import Candidate, candidates, open_families
from dexterity_ros.evaluation.outcomes import GoalOutcome
from dexterity_ros.evaluation.simulate import Course, JudgeConfig, run_trials
from dexterity_ros.evaluation.watcher import View
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline
from dexterity_ros.sim.scene import PhysicsConfig
from dexterity_ros.sim.sensors import SampleNoise
from dexterity_ros.tasks.spec import TaskSpec

_STEP_S = 0.005  # of the physics, as in config/eval/demo.yaml
_GOAL_RAD = (0.8, 1.6)  # near enough to be reached in the time below
_FIRST_S, _SCREEN_S, _FINAL_S = 4.0, 2.0, 4.0
_SCREENED = 4  # episodes of every candidate
_FINALISTS = 6
_BEHAVES = 0.7  # of the way to the goal, on average: as trained policies of this package do in _FIRST_S
_SOME = 0.4  # less is what chance and gravity do
_BETTER, _SIGMAS = 0.2, 3.0  # with six finalists 2.5 would accuse one sound policy in thirty
_DROPPED = -0.5


@dataclass(frozen=True, kw_only=True)
class ConventionScore:
    """A convention and how well it did: share of the way to the goal, mean and standard error; 1 = always there."""

    convention: str
    score: float
    error: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """as_said: it behaves as its manifest says. other: `convention` behaves better. cannot_tell: nothing is clear.

    finalists: the conventions that met `as_said` on the same episodes, the best first; `other` is the first of them.
    screened: every convention, on a few shorter episodes of their own, which compare with nothing else.
    """

    verdict: Literal["as_said", "other", "cannot_tell"]
    convention: str
    as_said: ConventionScore
    finalists: tuple[ConventionScore, ...] = ()
    screened: tuple[ConventionScore, ...] = ()

    @property
    def other(self) -> ConventionScore | None:
        """The best of the others; None where none was tried."""
        return self.finalists[0] if self.finalists else None


@dataclass(kw_only=True)
class _Ground:
    """Everything that is the same for all conventions."""

    manifest: PolicyManifest
    network: NetworkPort
    hand: HandSpec
    task: TaskSpec
    seed: int
    threads: int
    courses: dict[str, "_PairedCourse"] = field(default_factory=dict)


def probe(
    manifest: PolicyManifest,
    network: NetworkPort,
    hand: HandSpec,
    task: TaskSpec,
    *,
    episodes: int = 16,
    seed: int = 0,
    threads: int = 2,
) -> Verdict:
    """Returns which convention behaves. episodes: of those that come near.

    First the policy runs as said; when it comes to its goals, nothing else is tried. Else every candidate is screened
    on a few short episodes, and the best ones meet it again on others: what won by chance loses there.
    """
    ground = _Ground(manifest=manifest, network=network, hand=hand, task=task, seed=seed, threads=threads)
    first = _scores(ground, [manifest], episodes, _FIRST_S, salt=1)[0]
    as_said = _score_of("as said", first)
    if as_said.score >= _BEHAVES:
        return Verdict(verdict="as_said", convention="", as_said=as_said)
    found = candidates(manifest, hand, open_families(manifest))
    screened = _scores(ground, [c.change(manifest) for c in found], _SCREENED, _SCREEN_S, salt=2)
    best = [found[k] for k in np.argsort([-s.mean() for s in screened], kind="stable")[:_FINALISTS]]
    verdict = _final(ground, best, episodes)
    return replace(verdict, screened=tuple(_score_of(c.name, s) for c, s in zip(found, screened, strict=True)))


def _final(ground: _Ground, best: list[Candidate], episodes: int) -> Verdict:
    """Returns the verdict of new episodes, the same for all."""
    manifests = [ground.manifest, *(candidate.change(ground.manifest) for candidate in best)]
    said, *others = _scores(ground, manifests, episodes, _FINAL_S, salt=3)
    as_said = _score_of("as said", said)
    if not others:
        return Verdict(verdict="cannot_tell", convention="", as_said=as_said)
    order = np.argsort([-score.mean() for score in others], kind="stable")
    finalists = tuple(_score_of(best[k].name, others[k]) for k in order)
    gained = others[order[0]] - said
    error = float(gained.std(ddof=1) / np.sqrt(len(gained))) if len(gained) > 1 else np.inf
    clear = gained.mean() >= _BETTER and gained.mean() >= _SIGMAS * error and finalists[0].score >= _SOME
    verdict: Literal["as_said", "other", "cannot_tell"] = "cannot_tell"
    if clear:
        verdict = "other"
    elif as_said.score >= _BEHAVES:
        verdict = "as_said"
    name = finalists[0].convention if verdict == "other" else ""
    return Verdict(verdict=verdict, convention=name, as_said=as_said, finalists=finalists)


def _score_of(name: str, scores: Floats) -> ConventionScore:
    error = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0.0
    return ConventionScore(convention=name, score=round(float(scores.mean()), 3), error=round(float(error), 3))


def _scores(
    ground: _Ground,
    manifests: list[PolicyManifest],
    episodes: int,
    seconds: float,
    *,
    salt: int,
) -> list[Floats]:
    """Returns the score of every episode, (episodes,), of every manifest, all on the same starts and goals."""
    if not manifests:
        return []
    seed = ground.seed * 10 + salt
    course = _course(ground, len(manifests) * episodes, episodes, seconds, seed=seed)
    pipelines = [PolicyPipeline(replace(m, recovery=None), ground.network, ground.hand) for m in manifests]
    watch = _Progress(len(manifests) * episodes)
    run_trials(_Many(pipelines, episodes), course, watch)
    return list(watch.scores().reshape(len(manifests), episodes))


def _course(ground: _Ground, hands: int, distinct: int, seconds: float, *, seed: int) -> "_PairedCourse":
    rate = ground.manifest.control_rate_hz
    substeps = max(round(1.0 / (rate * _STEP_S)), 1)
    physics = PhysicsConfig(timestep_s=1.0 / (rate * substeps), substeps=substeps)
    low, high = (min(max(end, ground.task.goal_rad[0]), ground.task.goal_rad[1]) for end in _GOAL_RAD)
    return _PairedCourse(
        hand=ground.hand,
        task=replace(ground.task, goal_rad=(low, high)),
        object=ground.manifest.object,
        judge=JudgeConfig(physics=physics, noise=SampleNoise(), reset_pool=4 * distinct, threads=ground.threads),
        episodes=hands,
        goals_per_episode=1,
        seed=seed,
        control_rate_hz=rate,
        episode_s=seconds,
        distinct=distinct,
    )


@dataclass(kw_only=True)
class _PairedCourse(Course):
    """A course on which every manifest meets the same `distinct` starts and goals."""

    distinct: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self.start_states = np.tile(self.start_states[: self.distinct], (self.episodes // self.distinct, 1))

    def goal(self, episode: int, index: int, object_quat_wxyz: Floats) -> Floats:
        """Returns the goal of an episode, (4,) wxyz, the same for each of its copies. object_quat_wxyz: (4,)."""
        return super().goal(episode % self.distinct, index, object_quat_wxyz)


class _Many:
    """A Controller: many pipelines, each for its own hands."""

    def __init__(self, pipelines: list[PolicyPipeline], each: int) -> None:
        self._pipelines, self._each = pipelines, each

    def start(self, inputs: ObservationInputs) -> None:  # noqa: ARG002 - of the protocol
        """Forgets earlier trials."""
        for pipeline in self._pipelines:
            pipeline.reset()

    def targets(self, inputs: ObservationInputs, now_ns: int) -> Floats:
        """Returns the targets of all; a pipeline that refuses to act holds what was measured."""
        parts = []
        for k, pipeline in enumerate(self._pipelines):
            own = _rows(inputs, slice(k * self._each, (k + 1) * self._each))
            tick = pipeline.step(own, now_ns)
            parts.append(own[JOINTS].pos_rad if isinstance(tick, Fault) else tick.target.pos_rad)
        return np.concatenate(parts)


def _rows(inputs: ObservationInputs, part: slice) -> ObservationInputs:
    samples = {}
    for name, sample in inputs.samples.items():
        values = {key: value[part] for key, value in vars(sample).items()}
        samples[name] = replace(sample, **values)  # type: ignore[type-var]
    return ObservationInputs(samples)


class _Progress:
    """A Watcher that keeps how far each hand came to its first goal."""

    def __init__(self, hands: int) -> None:
        self._first: Floats | None = None
        self._error = np.zeros(hands)
        self._there: Bools = np.zeros(hands, dtype=bool)
        self._dropped: Bools = np.zeros(hands, dtype=bool)

    def see(self, view: View) -> None:
        """Notes the error of the hands that still run."""
        error = rotation_angle(rotation_between(view.physics.object_quat(view.sim_state), view.goals))
        if self._first is None:
            self._first = error.copy()
        self._error = np.where(view.live, error, self._error)

    def ended(self, episode: int, outcome: GoalOutcome, *, dropped: bool) -> None:
        """Notes how it ended."""
        self._there[episode], self._dropped[episode] = outcome.reached, dropped

    def scores(self) -> Floats:
        """Returns the share of the way that each hand came, 1 when it was there, (hands,)."""
        assert self._first is not None, "nobody has run"
        way = np.clip(1.0 - self._error / np.maximum(self._first, 1e-6), -1.0, 1.0)
        return np.where(self._dropped, _DROPPED, np.where(self._there, 1.0, way))
