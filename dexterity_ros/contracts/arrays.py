"""Names for arrays of one kind of number; shapes and units are said where they are used."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]  # what networks take and give
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
