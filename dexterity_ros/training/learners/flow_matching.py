"""Flow matching: learns which way noise has to go to become a chunk, and goes there in a few straight steps.

Source: Lipman et al., Flow Matching for Generative Modeling, arXiv 2210.02747, with straight paths; the times are drawn
evenly, as in Physical-Intelligence/real-time-chunking-kinetix.
"""

import torch
from torch import Tensor

from dexterity_ros.training.learners.denoiser import DenoiserConfig, denoiser
from dexterity_ros.training.learners.learner import Prefix, PrefixLearner

_TIME_SCALE = 100.0  # what the denoiser takes for the end


class FlowMatching(PrefixLearner):
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
        return self._sampled(seen, noise, None)

    def chunk_after(self, seen: Tensor, noise: Tensor, prefix: Prefix) -> Tensor:
        """Returns the same, drawn at every step to what will be done meanwhile.

        Source: Black et al., Real-Time Execution of Action Chunking Flow Policies, arXiv 2506.07339, with the identity
        in place of the Jacobian and the gain that leads straight to the prefix.
        """
        return self._sampled(seen, noise, prefix)

    def _sampled(self, seen: Tensor, noise: Tensor, prefix: Prefix | None) -> Tensor:
        chunk, steps = noise.unflatten(-1, (self.horizon, self.joints)), self.config.sampling_steps
        for step in range(steps):
            done = step / steps
            way = self.denoiser(chunk, torch.full_like(seen[:, 0], _TIME_SCALE * done), seen)
            if prefix is not None:
                way = (prefix.hold(chunk + (1.0 - done) * way) - chunk) / (1.0 - done)
            chunk = chunk + way / steps
        return chunk.clamp(-1.0, 1.0)
