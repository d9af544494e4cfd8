"""Turns a student of points into a bundle: clouds come through ports of their own, the distance goes out by one."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.manifest import GOLDEN_FILE, NETWORK_FILE
from dexterity_ros.contracts.outputs import ACTION, DISTANCE, REACHED
from dexterity_ros.contracts.training_run import read_run
from dexterity_ros.training.distillation import PORTS, PointStudent, PointStudentConfig, seen_now
from dexterity_ros.training.onnx_file import write_onnx
from dexterity_ros.training.point_network import PointActor

Seen = dict[str, NDArray[np.float32]]
_RANGE_STEPS, _GOLDEN_PAIRS = 100, 16


class DeployedPoints(nn.Module):
    """What is exported: action, how sure it is that the goal is reached, the guessed distance, the next state."""

    outputs = (ACTION.name, REACHED.name, DISTANCE.name)

    def __init__(self, actor: PointActor) -> None:
        super().__init__()
        self._actor, self.state_width = actor, actor.state_width

    def forward(
        self, observation: Tensor, object_points: Tensor, goal_points: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns what the ports say."""
        action, distance, after = self._actor(observation, object_points, goal_points, state)
        return action, self._actor.sure(distance), distance, after


def load_point_student(run: Path) -> PointStudent:
    """Returns the student of a run. Raises TrainingError, ConfigError."""
    student = PointStudent(configs.from_mapping(PointStudentConfig, read_run(run).config, where="config"), run)
    student.restore()
    student.actor.eval()
    return student


@torch.no_grad()
def observe_points(student: PointStudent) -> tuple[Seen, NDArray[np.float32]]:
    """Returns what the student sees at work, by port, and its states, each (steps * N, ...)."""
    env, actor = student.env, student.actor
    env.reset()
    state, seen, states = torch.zeros((env.num_envs, actor.state_width)), [], []
    for _ in range(_RANGE_STEPS):
        ports = seen_now(env)
        seen.append(ports)
        states.append(state.numpy().copy())
        action, _, state = actor(*(torch.from_numpy(ports[name]) for name in PORTS), state)
        restarted = env.step(action.numpy()).restarted
        state = state * torch.from_numpy(~restarted).float()[:, None]
    return {name: np.concatenate([ports[name] for ports in seen]) for name in PORTS}, np.concatenate(states)


def write_point_files(deployed: DeployedPoints, seen: Seen, states: NDArray[np.float32], bundle: Path) -> None:
    """Writes policy.onnx and golden_io.npz of a student. states: (rows, state_width), as many rows as seen."""
    inputs = {name: torch.from_numpy(values[:2]) for name, values in seen.items()}
    inputs["state"] = torch.from_numpy(states[:2])
    write_onnx(deployed, inputs, [*deployed.outputs, "next_state"], bundle / NETWORK_FILE)
    _write_golden(deployed, seen, states, bundle / GOLDEN_FILE)


@torch.no_grad()
def _write_golden(deployed: DeployedPoints, seen: Seen, states: NDArray[np.float32], path: Path) -> None:
    index = np.linspace(0, len(states) - 1, _GOLDEN_PAIRS).astype(int)
    given = {name: values[index] for name, values in seen.items()}
    *found, after = deployed(*(torch.from_numpy(values) for values in given.values()), torch.from_numpy(states[index]))
    rows = {name: values.reshape(len(index), -1) for name, values in given.items()}
    rows |= {name: values.numpy() for name, values in zip(deployed.outputs, found, strict=True)}
    np.savez_compressed(path, **rows, state=states[index], next_state=after.numpy())
