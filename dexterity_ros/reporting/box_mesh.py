"""The triangles of a box with six coloured faces on a dark core."""

import numpy as np

from dexterity_ros.contracts.arrays import Floats, Ints
from dexterity_ros.contracts.faces import BoxObject

_CORE_RGB = (20, 20, 23)
_INSET, _RAISED_M = 0.91, 0.0004  # a face's label beside its edge, and above the core
_CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))


def box_mesh(box: BoxObject) -> tuple[Floats, Ints]:
    """Returns triangles (t, 3, 3) in the object frame, outwards, and their colours (t, 3), 0 to 255."""
    triangles, colours = [], []
    for face in box.faces:
        for share, raised_m, rgb in ((1.0, 0.0, _CORE_RGB), (_INSET, _RAISED_M, face.rgb)):
            a, b, c, d = _square(np.array(face.normal), np.array(box.half_m), share, raised_m)
            triangles += [(a, b, c), (a, c, d)]
            colours += [rgb, rgb]
    return np.array(triangles), np.array(colours, dtype=np.int64)


def _square(normal: Floats, half_m: Floats, share: float, raised_m: float) -> list[Floats]:
    """Returns the corners of a face, counter-clockwise for who looks at it."""
    axis = int(np.argmax(np.abs(normal)))
    right, up = np.zeros(3), np.zeros(3)
    right[(axis + 1) % 3] = np.sign(normal[axis])
    up[(axis + 2) % 3] = 1.0
    middle = normal * (half_m + raised_m)
    return [middle + share * (x * right + y * up) * half_m for x, y in _CORNERS]
