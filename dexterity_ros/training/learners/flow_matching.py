"""Flow matching: learns which way noise has to go to become a chunk, and goes there in a few straight steps.

Source: Lipman et al., Flow Matching for Generative Modeling, arXiv 2210.02747, with straight paths; the times are drawn
evenly, as in Physical-Intelligence/real-time-chunking-kinetix.
"""

import torch
from torch import Tensor

from dexterity_ros.training.learners.denoiser import DenoiserConfig, denoiser
from dexterity_ros.training.learners.learner import Learner

_TIME_SCALE = 100.0  # what the denoiser takes for the end


class FlowMatching(Learner):
    """Its noise is where a chunk begins."""

    def __init__(self, width: int, joints: int, config: DenoiserConfig) -> None:
        super().__init__(width, joints, horizon=config.horizon, noise_width=config.horizon * joints)
        self.config = config
        self.denoiser = denoiser(width, joints, config)

    def error(self, seen: Tensor, actions: Tensor, valid: Tensor) -> Tensor:  # noqa: ARG002 - of every learner
        """Returns the mean squared error of the way from noise to chunk, behind the end of an episode too."""
        time, noise = torch.rand_like(seen[:, 0]), torch.randn_like(actions)
        between = noise + time[:, None, None] * (actions - noise)
        return ((self.denoiser(between, _TIME_SCALE * time, seen) - (actions - noise)) ** 2).mean()

    def chunk(self, seen: Tensor, noise: Tensor) -> Tensor:
        """Returns a chunk, (n, horizon, joints), by Euler steps."""
        chunk, steps = noise.unflatten(-1, (self.horizon, self.joints)), self.config.sampling_steps
        for step in range(steps):
            time = torch.full_like(seen[:, 0], _TIME_SCALE * step / steps)
            chunk = chunk + self.denoiser(chunk, time, seen) / steps
        return chunk.clamp(-1.0, 1.0)
