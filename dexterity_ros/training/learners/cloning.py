"""Behaviour cloning, one action at a time: least squares, bins, or a mixture of normal distributions."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from dexterity_ros.contracts.ranges import Checked, Range
from dexterity_ros.training.learners.learner import Learner
from dexterity_ros.training.networks import Bins, Gaussian, mlp
from dexterity_ros.training.ranges import LAYERS, WIDTH

# Of half the range. Narrower ones are not needed to act by a mean, and make numbers that hardly vary the whole error;
# robomimic (config/bc_config.py, gmm.min_std) has 1e-4.
STD_FLOOR = 0.02


@dataclass(frozen=True, kw_only=True)
class CloningConfig(Checked):
    """What the network says.

    head: gaussian = a mean and one deviation, so the mean is that of least squares; bins = each joint's action is one
    of `bins` values (OpenAI Dactyl, arXiv 1808.00177); mixture = `modes` normal distributions (robomimic's GMM).
    hidden: widths of its layers.
    """

    head: Literal["gaussian", "bins", "mixture"]
    hidden: Annotated[tuple[int, ...], WIDTH, LAYERS]
    bins: Annotated[int, Range(2, 1000, "at least one either way")] = 11
    modes: Annotated[int, Range(2, 1000, "one is the gaussian")] = 5


class Mixture:
    """Normal distributions with independent joints, one of which is chosen. Source: robomimic, head of BC-GMM."""

    def __init__(self, parameters: Tensor, modes: int) -> None:
        """parameters: (..., modes, 1 + 2 joints): weight, mean, spread; in no units."""
        outputs = parameters.unflatten(-1, (modes, -1))
        joints = (outputs.shape[-1] - 1) // 2
        self.log_share = torch.log_softmax(outputs[..., 0], dim=-1)
        self.mean = outputs[..., 1 : 1 + joints]
        self.std = nn.functional.softplus(outputs[..., 1 + joints :]) + STD_FLOOR

    def log_prob(self, action: Tensor) -> Tensor:
        """Returns the logarithm of the density of actions (..., joints), (...)."""
        each = Gaussian(self.mean, self.std).log_prob(action[..., None, :])
        return torch.logsumexp(self.log_share + each, dim=-1)

    def mean_of(self, mode: Tensor) -> Tensor:
        """Returns the means of modes (...), (..., joints)."""
        index = mode[..., None, None].expand(*mode.shape, 1, self.mean.shape[-1])
        return self.mean.gather(-2, index)[..., 0, :]


class Cloning(Learner):
    """An observation to the distribution of one action. It acts by the mean of a mode, not by a draw around it."""

    def __init__(self, width: int, joints: int, config: CloningConfig) -> None:
        noise = {"gaussian": 0, "bins": joints, "mixture": 1}[config.head]
        super().__init__(width, joints, horizon=1, noise_width=noise)
        self.config = config
        outputs = {"gaussian": joints, "bins": joints * config.bins, "mixture": config.modes * (1 + 2 * joints)}
        self.body = mlp([width, *config.hidden, outputs[config.head]])
        if config.head == "gaussian":
            self.log_std = nn.Parameter(torch.zeros(joints))
        if config.head == "mixture":
            nn.init.uniform_(self.body[-1].bias, -1.0, 1.0)  # modes that begin alike would stay alike
        self.register_buffer("values", torch.linspace(-1.0, 1.0, config.bins), persistent=False)

    def error(self, seen: Tensor, actions: Tensor, valid: Tensor) -> Tensor:
        """Returns the mean negative log likelihood of what was done."""
        outputs: Tensor = self.body(seen)
        if self.config.head == "gaussian":
            likelihood = Gaussian(outputs, self.log_std.exp() + STD_FLOOR).log_prob(actions[:, 0])
        elif self.config.head == "bins":
            likelihood = self._bins(outputs).log_prob(actions[:, 0])
        else:
            likelihood = Mixture(outputs, self.config.modes).log_prob(actions[:, 0])
        return -(likelihood * valid[:, 0]).mean()

    def chunk(self, seen: Tensor, noise: Tensor) -> Tensor:
        """Returns one action, (n, 1, joints): the mean, or what the noise chooses among bins or modes."""
        outputs: Tensor = self.body(seen)
        if self.config.head == "gaussian":
            return outputs[:, None]
        if self.config.head == "bins":
            return self.values[chosen(self._bins(outputs).log_share, noise)][:, None]
        mixture = Mixture(outputs, self.config.modes)
        return mixture.mean_of(chosen(mixture.log_share, noise[:, 0]))[:, None]

    def _bins(self, outputs: Tensor) -> Bins:
        return Bins(outputs.unflatten(-1, (self.joints, self.config.bins)), self.values)


def chosen(log_share: Tensor, noise: Tensor) -> Tensor:
    """Returns one of the choices (..., choices) each, as often as their shares say, for standard normal noise (...)."""
    quantile = 0.5 * (1.0 + torch.erf(noise / math.sqrt(2.0)))
    below = log_share.exp().cumsum(dim=-1) < quantile[..., None]
    return below.sum(dim=-1).clamp(max=log_share.shape[-1] - 1)
