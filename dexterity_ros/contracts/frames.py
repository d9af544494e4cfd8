"""Rotation algebra on unit quaternions (w, x, y, z), elementwise, for any array library.

`T_a_b` and `q_a_b` are the pose and rotation of b in a, so neighbours cancel: q_a_c = q_a_b * q_b_c.
Every function takes arrays of shape (..., 4) or (..., 3) and broadcasts. There is no matrix product and no einsum:
those round differently at different batch sizes, and the robot (batch 1) must compute the very bits that training saw.
"""

from typing import Any

from array_api_compat import array_namespace

Array = Any  # numpy on the robot and in CPU training, torch or jax in GPU training


def quat_conjugate(quat_wxyz: Array) -> Array:
    """Returns the inverse rotation of unit quaternions, shape (..., 4)."""
    xp = array_namespace(quat_wxyz)
    return xp.concat([quat_wxyz[..., :1], -quat_wxyz[..., 1:]], axis=-1)


def quat_multiply(left: Array, right: Array) -> Array:
    """Returns the rotation `right` followed by `left` (Hamilton product), shape (..., 4)."""
    xp = array_namespace(left, right)
    w1, x1, y1, z1 = _split4(left)
    w2, x2, y2, z2 = _split4(right)
    return xp.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        axis=-1,
    )


def quat_rotate(quat_wxyz: Array, vector: Array) -> Array:
    """Returns vectors of frame b expressed in frame a, given q_a_b; shapes (..., 4) and (..., 3)."""
    xp = array_namespace(quat_wxyz, vector)
    w, x, y, z = _split4(quat_wxyz)
    vx, vy, vz = vector[..., 0], vector[..., 1], vector[..., 2]
    tx, ty, tz = 2.0 * (y * vz - z * vy), 2.0 * (z * vx - x * vz), 2.0 * (x * vy - y * vx)
    return xp.stack(
        [vx + w * tx + y * tz - z * ty, vy + w * ty + z * tx - x * tz, vz + w * tz + x * ty - y * tx],
        axis=-1,
    )


def quat_normalise(quat_wxyz: Array) -> Array:
    """Returns quaternions of length one, shape (..., 4)."""
    xp = array_namespace(quat_wxyz)
    w, x, y, z = _split4(quat_wxyz)
    return quat_wxyz / xp.sqrt(w * w + x * x + y * y + z * z)[..., None]


def quat_to_rotvec(quat_wxyz: Array) -> Array:
    """Returns the rotation vector (axis times angle, rad, angle in [0, pi]), shape (..., 3)."""
    xp = array_namespace(quat_wxyz)
    w, x, y, z = _split4(quat_wxyz)
    sign = xp.where(w < 0.0, -xp.ones_like(w), xp.ones_like(w))
    sine = xp.sqrt(x * x + y * y + z * z)
    angle = 2.0 * xp.atan2(sine, w * sign)
    small = sine < 1e-9
    factor = sign * xp.where(small, 2.0 * xp.ones_like(w), angle / xp.where(small, xp.ones_like(w), sine))
    return quat_wxyz[..., 1:] * factor[..., None]


def rotvec_to_quat(rotvec: Array) -> Array:
    """Returns the unit quaternion of a rotation vector in rad, shape (..., 3) to (..., 4)."""
    xp = array_namespace(rotvec)
    x, y, z = rotvec[..., 0], rotvec[..., 1], rotvec[..., 2]
    angle = xp.sqrt(x * x + y * y + z * z)
    small = angle < 1e-9
    factor = xp.where(
        small, 0.5 * xp.ones_like(angle), xp.sin(0.5 * angle) / xp.where(small, xp.ones_like(angle), angle)
    )
    return xp.concat([xp.cos(0.5 * angle)[..., None], rotvec * factor[..., None]], axis=-1)


def rotation_angle(quat_wxyz: Array) -> Array:
    """Returns the angle of rotations in rad, in [0, pi], shape (..., 4) to (...)."""
    xp = array_namespace(quat_wxyz)
    w, x, y, z = _split4(quat_wxyz)
    return 2.0 * xp.atan2(xp.sqrt(x * x + y * y + z * z), xp.abs(w))


def rotation_between(from_quat: Array, to_quat: Array) -> Array:
    """Returns the rotation, in the common parent frame, that turns `from_quat` into `to_quat`, shape (..., 4)."""
    return quat_multiply(to_quat, quat_conjugate(from_quat))


def quat_to_rot6d(quat_wxyz: Array) -> Array:
    """Returns the first two columns of the rotation matrix, shape (..., 6): continuous, so easy to learn from.

    Source: Zhou et al., On the Continuity of Rotation Representations in Neural Networks, CVPR 2019, section 4.2.
    """
    xp = array_namespace(quat_wxyz)
    w, x, y, z = _split4(quat_wxyz)
    return xp.stack(
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y + w * z),
            2.0 * (x * z - w * y),
            2.0 * (x * y - w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z + w * x),
        ],
        axis=-1,
    )


def quat_to_cubic(quat_wxyz: Array) -> Array:
    """Returns nine numbers, shape (..., 9), that are the same for all 24 rotations in which a cube looks alike.

    The entries xxxx, yyyy, zzzz, xxxy, xxxz, yyyx, yyyz, zzzx, zzzy of the sum of a (x) a (x) a (x) a over the cube's
    three axes a: smooth, and together they say everything about how an unlabelled cube lies. The other entries follow
    from these, because the axes are orthonormal.
    """
    xp = array_namespace(quat_wxyz)
    rows = _matrix_rows(quat_wxyz)
    pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    entries = []
    for i, j in pairs:
        a, b, c = (rows[i][k] * rows[i][k] * rows[i][k] * rows[j][k] for k in range(3))
        entries.append(a + b + c)
    return xp.stack(entries, axis=-1)


def quat_to_matrix(quat_wxyz: Array) -> Array:
    """Returns rotation matrices (..., 3, 3) of unit quaternions (..., 4)."""
    xp = array_namespace(quat_wxyz)
    rows = _matrix_rows(quat_wxyz)
    return xp.stack([xp.stack(list(row), axis=-1) for row in rows], axis=-2)


def matrix_to_quat(rotation: Array) -> Array:
    """Returns the unit quaternion, (4,), of one rotation matrix, (3, 3), by its largest component.

    Source: Shepperd 1978, Quaternion from Rotation Matrix.
    """
    xp = array_namespace(rotation)
    r = [[rotation[i, j] for j in range(3)] for i in range(3)]
    trace = r[0][0] + r[1][1] + r[2][2]
    squares = [1.0 + trace] + [1.0 + 2.0 * r[i][i] - trace for i in range(3)]
    a, b, c = r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]
    d, e, f = r[0][1] + r[1][0], r[0][2] + r[2][0], r[1][2] + r[2][1]
    rows = [[squares[0], a, b, c], [a, squares[1], d, e], [b, d, squares[2], f], [c, e, f, squares[3]]]
    return quat_normalise(xp.stack(rows[max(range(4), key=lambda k: float(squares[k]))]))


def _matrix_rows(quat: Array) -> list[tuple[Array, Array, Array]]:
    w, x, y, z = _split4(quat)
    return [
        (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)),
        (2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)),
        (2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)),
    ]


def _split4(quat: Array) -> tuple[Array, Array, Array, Array]:
    return quat[..., 0], quat[..., 1], quat[..., 2], quat[..., 3]
