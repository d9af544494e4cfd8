"""Eases joints from where they are to where they should be."""

import numpy as np
from numpy.typing import NDArray


class Ramp:
    """Moves from a measured pose to a target pose in a time that keeps every joint below a speed; a stage.

    The profile is a half cosine, so speed starts and ends at zero and its peak is pi/2 times the mean.
    """

    def __init__(
        self, *, start_rad: NDArray[np.float64], end_rad: NDArray[np.float64], max_velocity_rad_s: float, now_ns: int
    ) -> None:
        """Starts at `now_ns`. Arrays have shape (n,)."""
        self._start = start_rad.copy()
        self._end = end_rad.copy()
        self._began_ns = now_ns
        largest = float(np.max(np.abs(end_rad - start_rad)))
        self.duration_s = max(0.5 * np.pi * largest / max_velocity_rad_s, 0.2)

    def step(self, now_ns: int) -> NDArray[np.float64]:
        """Returns the position to command at `now_ns`, rad, shape (n,)."""
        fraction = min(max((now_ns - self._began_ns) * 1e-9 / self.duration_s, 0.0), 1.0)
        return self._start + (0.5 - 0.5 * np.cos(np.pi * fraction)) * (self._end - self._start)

    def done(self, now_ns: int) -> bool:
        """Returns whether the end is reached."""
        return (now_ns - self._began_ns) * 1e-9 >= self.duration_s
