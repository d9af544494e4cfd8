"""What each part of the randomisation is worth: the same training with one part left out.

As in table 3 of OpenAI, Learning Dexterous In-Hand Manipulation, arXiv 1808.00177: all randomisation, no observation
noise, no physics, no unmodelled effects; and a feed-forward actor beside one with memory.
"""

from collections.abc import Callable
from dataclasses import replace

from dexterity_ros.sim.randomisation import ModelRandomisation
from dexterity_ros.sim.sensors import SENSED, SampleNoise
from dexterity_ros.training.teacher_config import TeacherConfig

_UNMODELLED = (
    "action_rad", "action_bias_rad", "backlash_rad", "action_delay_substeps", "pose_delay_substeps",
    "latency_substeps", "freeze_rate_hz", "push_m_s2",
)  # fmt: skip


def _without_noise(config: TeacherConfig, names: tuple[str, ...]) -> TeacherConfig:
    nothing = SampleNoise()
    noise = replace(config.env.noise, **{name: getattr(nothing, name) for name in names})
    return replace(config, env=replace(config.env, noise=noise))


def _without_physics(config: TeacherConfig) -> TeacherConfig:
    ranges = config.env.randomisation
    copies = 1 if ranges is None else ranges.copies
    return replace(config, env=replace(config.env, randomisation=ModelRandomisation(copies=copies)))


def _with_memory(config: TeacherConfig) -> TeacherConfig:
    first, width = config.ppo.actor_hidden[0], config.ppo.actor_hidden[-1]
    ppo = replace(config.ppo, actor_memory="lstm", actor_memory_width=width, actor_hidden=(first,))
    return replace(config, ppo=ppo)


ARMS: dict[str, Callable[[TeacherConfig], TeacherConfig]] = {
    "all": lambda config: config,
    "no observation noise": lambda config: _without_noise(config, SENSED),
    "no physics": _without_physics,
    "no unmodelled effects": lambda config: _without_noise(config, _UNMODELLED),
    "all, LSTM": _with_memory,
}


def arm(config: TeacherConfig, name: str, seed: int, steps: int) -> TeacherConfig:
    """Returns the configuration of one arm of the ablation."""
    return replace(ARMS[name](config), seed=seed, total_steps=steps)
