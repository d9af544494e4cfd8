"""The network of a student of points: an encoder of labelled points, a guess of the distance, a memory, an action.

Source: encoder of Robot Synesthesia, Yuan et al., arXiv 2312.01853 (per point 6-64-256, GELU, maximum); distance head
and its place before the memory of Visual Dexterity, Chen et al., arXiv 2211.11744.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.hand_shape import load_shape
from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.contracts.spec import ObservationSpec
from dexterity_ros.perception.hand_points import HandPoints
from dexterity_ros.tasks.spec import GOAL_ANGLE
from dexterity_ros.training.networks import RunningNorm, mlp
from dexterity_ros.training.ranges import WIDTH

OBJECT, HAND, GOAL = range(3)  # labels
_SCALE_M = 0.05  # half the length of a hand's object is of order one
_SURE_RAD = 0.1  # so much nearer than reached_rad it is sure, so much farther sure of the contrary


@dataclass(frozen=True, kw_only=True)
class PointActorConfig(Checked):
    """encoder: widths of the layers that every point goes through. hidden, memory_width: of what follows.

    hand_points: of the hand by forward kinematics; 0 leaves them out. reached_rad: of the guessed distance, below which
    the goal is called reached.
    """

    encoder: Annotated[tuple[int, int], WIDTH] = (64, 256)
    hidden: Annotated[int, WIDTH] = 256
    memory_width: Annotated[int, WIDTH] = 256
    hand_points: Annotated[int, Range(0, 2000, "on a whole hand")] = 32
    reached_rad: Annotated[float, GOAL_ANGLE] = 0.3


class PointActor(nn.Module):
    """Joints, previous action and points of object and goal to an action, with a memory that begins at zero."""

    def __init__(self, hand: HandSpec, observation: ObservationSpec, config: PointActorConfig) -> None:
        super().__init__()
        self.config, self.state_width = config, config.memory_width
        joints = len(hand.joints)
        self._joints = observation.slices["joint_pos"]
        self.norm = RunningNorm(observation.width)
        self._hand = (
            HandPoints(hand, load_shape(hand), config.hand_points, asarray=_constant) if config.hand_points else None
        )
        self._centre = _constant(np.array(hand.grasp_centre_m))
        self._labels = torch.eye(3)
        first, second = config.encoder
        self.points = nn.Sequential(nn.Linear(6, first), nn.GELU(), nn.Linear(first, second), nn.GELU())
        self.far = mlp([second, 128, 1])
        self.body = mlp([observation.width + second, config.hidden], active_end=True)
        self.cell = nn.GRUCell(config.hidden, config.memory_width)
        self.last = mlp([config.memory_width, joints])

    def encode(self, observation: Tensor, object_points: Tensor, goal_points: Tensor) -> Tensor:
        """Returns what the points say, (n, width). Points in the hand frame, m, (n, k, 3)."""
        labelled = [self._labelled(object_points, OBJECT), self._labelled(goal_points, GOAL)]
        if self._hand is not None:
            labelled.append(self._labelled(self._hand(observation[:, self._joints]), HAND))
        seen: Tensor = self.points(torch.cat(labelled, dim=1)).amax(dim=1)
        return seen

    def forward(
        self, observation: Tensor, object_points: Tensor, goal_points: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Returns (action (n, joints), distance left to the goal in rad (n, 1), next state)."""
        seen = self.encode(observation, object_points, goal_points)
        state = self.cell(self.body(torch.cat([self.norm(observation), seen], dim=-1)), state)
        return self.last(state), self.far(seen), state

    def sequence(
        self, observation: Tensor, object_points: Tensor, goal_points: Tensor, state: Tensor, restarted: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Returns (actions, distances) of (T, n, ...) in a row; after restarted (T, n) the memory begins anew."""
        flat = [values.flatten(0, 1) for values in (observation, object_points, goal_points)]
        seen = self.encode(*flat)
        features = self.body(torch.cat([self.norm(flat[0]), seen], dim=-1)).unflatten(0, observation.shape[:2])
        remembered = []
        for now, over in zip(features.unbind(), restarted.unbind(), strict=True):
            state = self.cell(now, state)
            remembered.append(state)
            state = state * (1.0 - over)[:, None]
        return self.last(torch.stack(remembered)), self.far(seen).unflatten(0, observation.shape[:2])

    def sure(self, distance: Tensor) -> Tensor:
        """Returns how sure it is that the goal is reached, 0 to 1, for guessed distances."""
        return (0.5 + 0.5 * (self.config.reached_rad - distance) / _SURE_RAD).clamp(0.0, 1.0)

    def _labelled(self, points_m: Tensor, label: int) -> Tensor:
        """Returns points round the grasp centre with their label, (n, k, 6)."""
        return torch.cat([(points_m - self._centre) / _SCALE_M, self._labels[label].expand_as(points_m)], dim=-1)


def _constant(values: Floats) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
