"""One teacher, one number of rounds, many ways to learn from it: `dexterity train methods`."""

from collections.abc import Callable
from dataclasses import replace

from dexterity_ros.training.networks import ActorConfig
from dexterity_ros.training.student_config import StudentConfig


def _by(method: str, **changes: object) -> Callable[[StudentConfig], StudentConfig]:
    def changed(config: StudentConfig) -> StudentConfig:
        return replace(config, method=method, student=replace(config.student, **changes))  # type: ignore[arg-type]

    return changed


def _remembering(observations: int) -> Callable[[StudentConfig], StudentConfig]:
    def changed(config: StudentConfig) -> StudentConfig:
        hidden, std = (config.student.hidden[0], config.student.memory_width), config.student.initial_std
        if observations > 1:
            return replace(
                config, student=ActorConfig(hidden=hidden, memory="stack", stack=observations, initial_std=std)
            )
        # Without memory a minibatch counts steps: as many of them as are in the episodes of the others.
        rounds = replace(config.rounds, minibatch=config.rounds.minibatch * config.rounds.steps)
        return replace(config, student=ActorConfig(hidden=hidden, initial_std=std), rounds=rounds)

    return changed


ARMS: dict[str, Callable[[StudentConfig], StudentConfig]] = {
    "behaviour cloning": _by("clone"),
    "behaviour cloning, shaken": _by("clone, shaken"),
    "DAgger": _by("dagger"),
    "gated DAgger": _by("gated"),
    "human-gated DAgger": _by("human-gated"),
    "RMA": _by("rma", latent=8),
    "DAgger, 1 observation": _remembering(1),
    "DAgger, 4 observations": _remembering(4),
    "DAgger, 16 observations": _remembering(16),
}


def arm(config: StudentConfig, name: str, seed: int) -> StudentConfig:
    """Returns the configuration of one arm of the study; goals that nobody pursues are left out everywhere."""
    return replace(ARMS[name](config), seed=seed, rounds=replace(config.rounds, imagine=False))
