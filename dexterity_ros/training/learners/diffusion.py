"""Diffusion Policy: learns which noise was added to a chunk, and takes it out of pure noise step by step.

Source: Chi et al., Diffusion Policy, arXiv 2303.04137, with a small network. The noise: Nichol and Dhariwal, arXiv
2102.09672, equation 17 (squared cosine). How it is taken out: Song et al., DDIM, arXiv 2010.02502, equation 12 with
sigma 0.
"""

import math

import torch
from torch import Tensor

from dexterity_ros.training.learners.denoiser import DenoiserConfig, denoiser
from dexterity_ros.training.learners.learner import Prefix, PrefixLearner

LEVELS = 100  # of noise, as in the paper's configurations


def signal_shares() -> Tensor:
    """Returns how much of the variance of a noisy chunk is the chunk's, by level, (LEVELS,)."""
    angles = (torch.arange(LEVELS + 1, dtype=torch.float64) / LEVELS + 0.008) / 1.008 * math.pi / 2.0
    left = torch.cos(angles) ** 2
    kept = (left[1:] / left[:-1]).clamp(min=0.001)  # the cap of the paper: no step loses more than 0.999
    return kept.cumprod(dim=0).float()


class Diffusion(PrefixLearner):
    """Its noise is what a chunk begins as."""

    shares: Tensor

    def __init__(self, width: int, joints: int, config: DenoiserConfig) -> None:
        super().__init__(width, joints, horizon=config.horizon, noise_width=config.horizon * joints)
        self.config = config
        self.denoiser = denoiser(width, joints, config)
        self.register_buffer("shares", signal_shares(), persistent=False)

    def error(self, seen: Tensor, actions: Tensor, valid: Tensor) -> Tensor:  # noqa: ARG002 - of every learner
        """Returns the mean squared error of the noise that is found, behind the end of an episode too."""
        level = torch.randint(0, LEVELS, (len(seen),), device=seen.device)
        share, noise = self.shares[level][:, None, None], torch.randn_like(actions)
        noisy = share.sqrt() * actions + (1.0 - share).sqrt() * noise
        return ((self.denoiser(noisy, level.float(), seen) - noise) ** 2).mean()

    def chunk(self, seen: Tensor, noise: Tensor) -> Tensor:
        """Returns a chunk, (n, horizon, joints). noise: as the chunk is before anything is taken out."""
        return self._sampled(seen, noise, None)

    def chunk_after(self, seen: Tensor, noise: Tensor, prefix: Prefix) -> Tensor:
        """Returns the same, drawn at every step to what will be done meanwhile."""
        return self._sampled(seen, noise, prefix)

    def _sampled(self, seen: Tensor, noise: Tensor, prefix: Prefix | None) -> Tensor:
        levels = [k * LEVELS // self.config.sampling_steps for k in range(self.config.sampling_steps)]
        chunk = noise.unflatten(-1, (self.horizon, self.joints))
        clean = chunk
        for k in reversed(range(len(levels))):
            share = self.shares[levels[k]]
            found = self.denoiser(chunk, torch.full_like(seen[:, 0], float(levels[k])), seen)
            clean = ((chunk - (1.0 - share).sqrt() * found) / share.sqrt()).clamp(-1.0, 1.0)
            clean = clean if prefix is None else prefix.hold(clean)
            if k > 0:
                found = (chunk - share.sqrt() * clean) / (1.0 - share).sqrt()  # what it is after the clip
                after = self.shares[levels[k - 1]]
                chunk = after.sqrt() * clean + (1.0 - after).sqrt() * found
        return clean
