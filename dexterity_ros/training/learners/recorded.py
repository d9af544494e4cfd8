"""What was recorded on a hand, as demonstrations: what a policy of our own would have seen, and the action of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dexterity_ros.action.decoder import decode_action, encode_target
from dexterity_ros.contracts.arrays import Floats, Singles
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.sources import JOINTS
from dexterity_ros.contracts.spec import ActionSpec, ObservationSpec
from dexterity_ros.observation.builder import build_observation, needed_sources
from dexterity_ros.observation.memory import PolicyMemory, observe_object, seed_memory
from dexterity_ros.wire import TickRecord

_GAP_PERIODS = 1.5
Episode = tuple[Singles, Singles]


def episodes_of(
    ticks: Sequence[TickRecord], spec: ObservationSpec, action: ActionSpec, hand: HandSpec, *, period_s: float
) -> list[Episode]:
    """Returns (observations (T, width), raw actions (T, n)) of each stretch without a reset or a gap.

    Observations are built anew from the samples that each tick consumed; the actions are those which the decoder turns
    into the recorded targets, or as near as one action gets. Whoever commanded does not matter: a policy, an operator.

    Raises ConfigError when a tick lacks a sample that the observation is made of.
    """
    _check(ticks, spec)
    return [_episode(piece, spec, action, hand) for piece in _pieces(ticks, period_s)]


def _check(ticks: Sequence[TickRecord], spec: ObservationSpec) -> None:
    needed = needed_sources(spec)
    for tick in ticks:
        missing = [source.name for source in needed if source not in tick.inputs]
        if missing:
            found = [source.name for source in tick.inputs.sources]
            raise ConfigError(f"the observation needs {missing}, which was not recorded; a tick has {found}")


def _pieces(ticks: Sequence[TickRecord], period_s: float) -> Iterator[Sequence[TickRecord]]:
    edges = [
        i
        for i in range(1, len(ticks))
        if ticks[i].reset != ticks[i - 1].reset
        or not 0 < (ticks[i].now_ns - ticks[i - 1].now_ns) * 1e-9 < _GAP_PERIODS * period_s
    ]
    for first, end in zip([0, *edges], [*edges, len(ticks)], strict=True):
        if end > first:
            yield ticks[first:end]


def _episode(ticks: Sequence[TickRecord], spec: ObservationSpec, action: ActionSpec, hand: HandSpec) -> Episode:
    memory = seed_memory(ticks[0].inputs)
    seen, done = [], []
    for tick in ticks:
        memory = observe_object(memory, tick.inputs)
        seen.append(build_observation(spec, tick.inputs, memory))
        raw, applied = _action(tick, memory, action, hand)
        done.append(raw)
        memory = replace(memory, target_pos_rad=tick.target.pos_rad, action=applied)
    return np.stack(seen), np.stack(done)


def _action(tick: TickRecord, memory: PolicyMemory, spec: ActionSpec, hand: HandSpec) -> tuple[Singles, Floats]:
    """Returns the raw action, (n,), that leads to the recorded target, and the action as the decoder applies it.

    The recorded one where it does, which tells more at a limit than any action that ends there.
    """
    before = {
        "previous_action": memory.action,
        "previous_target_rad": memory.target_pos_rad,
        "lower_rad": hand.lower_rad,
        "upper_rad": hand.upper_rad,
    }
    joints = tick.inputs[JOINTS].pos_rad
    if tick.raw_action.shape == np.shape(tick.target.pos_rad):
        target, applied = decode_action(spec, tick.raw_action, **before, joint_pos_rad=joints)
        if np.array_equal(target, tick.target.pos_rad):
            return tick.raw_action, applied
    raw = np.asarray(encode_target(spec, tick.target.pos_rad, **before), dtype=np.float32)
    _, applied = decode_action(spec, raw, **before, joint_pos_rad=joints)
    return raw, applied
