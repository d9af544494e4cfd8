"""RecoverySpec: what a policy does when it makes no progress; an optional part of its manifest."""

import math
from dataclasses import dataclass
from typing import Annotated

from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.ranges import Checked, Range

_SECONDS = Range(0.05, 3600.0, "from a control step to an hour")


@dataclass(frozen=True, kw_only=True)
class RecoverySpec(Checked):
    """A decoy: the policy is shown another goal for a moment, so that it leaves where it is stuck.

    after_s: time without progress, after which it leads. lead_s: for how long. decoy_rad: from the object as it is then
    to the decoy, about any axis. gain: by how much the filtered distance must become smaller to count as progress, in
    the task's own unit of distance. filter_s: time constant of the filter, against noise of the sensors.
    """

    after_s: Annotated[float, _SECONDS]
    lead_s: Annotated[float, _SECONDS]
    decoy_rad: Annotated[float, Range(0.05, math.pi, "an angle between two rotations; 0 would be no other goal")]
    gain: Annotated[float, Range(0.0, 1e3, "a distance")]
    filter_s: Annotated[float, Range(0.0, 60.0, "0 = no filter")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lead_s >= 10.0 * self.after_s:
            raise ConfigError(
                f"lead_s is {self.lead_s}, expected less than 10 times after_s: a decoy is a short detour"
            )
