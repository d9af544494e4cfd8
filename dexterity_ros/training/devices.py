"""Where torch can compute on this machine."""

import torch

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import shown


def device(name: str) -> torch.device:
    """Returns a device by its name, such as cpu, cuda or cuda:1. Raises ConfigError, which says what there is."""
    there = _devices()
    if name not in there:
        raise ConfigError(f"--device is {shown(name)}; torch has {', '.join(there)} on this machine")
    return torch.device(name)


def _devices() -> list[str]:
    """Returns the names that a device may have here; an accelerator's first one also without its number."""
    if not torch.accelerator.is_available():
        return ["cpu"]
    kind = str(torch.accelerator.current_accelerator())
    return ["cpu", kind, *(f"{kind}:{k}" for k in range(torch.accelerator.device_count()))]
