"""The conventions in which simulators differ, each as another manifest of the same policy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations, product

import numpy as np

from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.frames import matrix_to_quat, quat_multiply
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.spec import ObservationTerm
from dexterity_ros.observation.builder import described_term

FAMILIES = ("order", "sign", "rotation", "error", "frame")
_FIELDS = {"joint_order": "order", "joint_sign": "sign", "base_quat_wxyz": "frame", "observation": "rotation"}
_SWAPPED = {
    "quat_wxyz": "quat_xyzw",
    "quat_xyzw": "quat_wxyz",
    "quat_wxyz_upper": "quat_xyzw_upper",
    "quat_xyzw_upper": "quat_wxyz_upper",
    "matrix_rows": "matrix_columns",
    "matrix_columns": "matrix_rows",
}
_SIX = ("rot6d", "rot6d_rows", "rot6d_last_rows", "rot6d_interleaved")
_BACK = {"goal_turn": "goal_turn_back", "goal_turn_back": "goal_turn"}
_SHORT = {
    "goal_rotvec": ("goal_turn", "rotvec"),
    "goal_rot6d": ("goal_turn", "rot6d"),
}  # terms with form in their names


@dataclass(frozen=True)
class Candidate:
    """What would be different, in words; and the manifest that says so. family: of FAMILIES."""

    family: str
    name: str
    change: Callable[[PolicyManifest], PolicyManifest]


def open_families(manifest: PolicyManifest) -> tuple[str, ...]:
    """Returns the families that are not confirmed: those marked unverified, all where none is."""
    marked = {_FIELDS[name] for name in manifest.unverified if name in _FIELDS}
    marked |= {"error"} if "rotation" in marked else set()
    return tuple(family for family in FAMILIES if family in marked) or FAMILIES


def candidates(manifest: PolicyManifest, hand: HandSpec, families: tuple[str, ...]) -> list[Candidate]:
    """Returns everything that could be otherwise than the manifest says, one thing at a time."""
    n, fingers = len(hand.joints), len(hand.fingertip_sites)
    per_finger = n // fingers if n % fingers == 0 else n
    found: list[Candidate] = []
    if "order" in families:
        found += [_ordered(name, order) for name, order in _orders(n, per_finger)]
    if "sign" in families:
        found += [_turned(name, places) for name, places in _groups(manifest, hand, per_finger)]
    if "rotation" in families:
        found += _rotations(manifest, n, hand.fingertip_sites)
    if "error" in families and any(term.quantity in {*_BACK, *_SHORT} for term in manifest.observation.terms):
        found.append(Candidate("error", "goal errors the other way round", lambda m: _error_back(m, n, hand)))
    if "frame" in families and any(term.source in ("object_pose", "goal") for term in manifest.observation.terms):
        found += [_framed(name, quat) for name, quat in _cube_rotations()]
    return found


def convention_of(manifest: PolicyManifest) -> Convention:
    """Returns the convention of a manifest, ours where it has none."""
    n = len(manifest.joint_names)
    return manifest.convention or Convention(
        joint_order=manifest.joint_names, sign=(1.0,) * n, zero_rad=(0.0,) * n,
        base_pos_m=(0.0, 0.0, 0.0), base_quat_wxyz=(1.0, 0.0, 0.0, 0.0),
    )  # fmt: skip


def _orders(n: int, per_finger: int) -> Iterator[tuple[str, list[int]]]:
    """Yields orders as places in the order that is said: of fingers, of joints within fingers, joint after joint."""
    grid = np.arange(n).reshape(-1, per_finger)
    for order in permutations(range(len(grid))):
        if list(order) != sorted(order) and len(grid) <= 5:
            yield f"fingers in the order {list(order)}", grid[list(order)].reshape(-1).tolist()
    for order in permutations(range(per_finger)):
        if list(order) != sorted(order) and per_finger <= 5:
            yield f"joints of each finger in the order {list(order)}", grid[:, list(order)].reshape(-1).tolist()
    if 1 < per_finger < n:
        yield "joint after joint instead of finger after finger", grid.T.reshape(-1).tolist()
        yield (
            "finger after finger instead of joint after joint",
            np.arange(n).reshape(per_finger, -1).T.reshape(-1).tolist(),
        )


def _ordered(name: str, order: list[int]) -> Candidate:
    def change(manifest: PolicyManifest) -> PolicyManifest:
        said = convention_of(manifest)
        picked = {key: tuple(getattr(said, key)[k] for k in order) for key in ("joint_order", "sign", "zero_rad")}
        return replace(manifest, convention=replace(said, joint_limits_rad=(), **picked))

    return Candidate("order", name, change)


def _groups(manifest: PolicyManifest, hand: HandSpec, per_finger: int) -> Iterator[tuple[str, list[str]]]:
    """Yields joints that may be counted the other way round together, by our names."""
    names = np.array(hand.joint_names).reshape(-1, per_finger)
    yield "all joints", list(hand.joint_names)
    yield from ((f"finger {k}", list(row)) for k, row in enumerate(names) if per_finger < len(manifest.joint_names))
    yield from ((f"joint {k} of every finger", list(row)) for k, row in enumerate(names.T))
    yield from ((name, [name]) for name in hand.joint_names)


def _turned(name: str, joints: list[str]) -> Candidate:
    def change(manifest: PolicyManifest) -> PolicyManifest:
        said = convention_of(manifest)
        pairs = zip(said.joint_order, said.sign, strict=True)
        sign = tuple(-value if joint in joints else value for joint, value in pairs)
        return replace(manifest, convention=replace(said, sign=sign, joint_limits_rad=()))

    return Candidate("sign", f"{name} counted the other way round", change)


def _framed(name: str, quat: tuple[float, float, float, float]) -> Candidate:
    def change(manifest: PolicyManifest) -> PolicyManifest:
        said = convention_of(manifest)
        turned = quat_multiply(np.array(said.base_quat_wxyz), np.array(quat))
        w, x, y, z = (float(part) for part in turned)
        return replace(manifest, convention=replace(said, base_quat_wxyz=(w, x, y, z)))

    return Candidate("frame", name, change)


def _cube_rotations() -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Yields the 23 other ways to lay axes along axes."""
    letters = "xyz"
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        for column, (row, sign) in enumerate(zip(order, signs, strict=True)):
            matrix[row, column] = sign
        if np.linalg.det(matrix) > 0.0 and not np.array_equal(matrix, np.eye(3)):
            w, x, y, z = (float(part) for part in matrix_to_quat(matrix))
            axes = [f"{'-' if sign < 0 else ''}{letters[row]}" for row, sign in zip(order, signs, strict=True)]
            yield f"axes x, y, z of its frame along our {', '.join(axes)}", (w, x, y, z)


def _rotations(manifest: PolicyManifest, joints: int, tips: tuple[str, ...]) -> list[Candidate]:
    """Returns the other ways to write each rotation, and all quaternions the other way at once."""
    found = []
    forms = {term.name: term.form for term in manifest.observation.terms if term.form}
    swaps = {name: _SWAPPED[form] for name, form in forms.items() if form in _SWAPPED}
    if len(swaps) > 1:
        found.append(_written("all rotations", swaps, joints, tips))
    found += [_written(name, {name: form}, joints, tips) for name, form in swaps.items()]
    for name, form in forms.items():
        found += [_written(name, {name: other}, joints, tips) for other in _SIX if form in _SIX and other != form]
    return found


def _written(what: str, forms: dict[str, str], joints: int, tips: tuple[str, ...]) -> Candidate:
    def change(manifest: PolicyManifest) -> PolicyManifest:
        return _with_terms(manifest, lambda t: {"form": forms[t.name]} if t.name in forms else {}, joints, tips)

    return Candidate("rotation", f"{what} as {', '.join(sorted(set(forms.values())))}", change)


def _error_back(manifest: PolicyManifest, joints: int, hand: HandSpec) -> PolicyManifest:
    def other(term: ObservationTerm) -> dict[str, str]:
        if term.quantity in _SHORT:
            quantity, form = _SHORT[term.quantity]
            return {"of": _BACK[quantity], "form": form}
        return {"of": _BACK[term.quantity]} if term.quantity in _BACK else {}

    return _with_terms(manifest, other, joints, hand.fingertip_sites)


def _with_terms(
    manifest: PolicyManifest,
    other: Callable[[ObservationTerm], dict[str, str]],
    joints: int,
    tips: tuple[str, ...],
) -> PolicyManifest:
    terms = []
    for term in manifest.observation.terms:
        keys = ("name", "of", "form", "relative_to", "offset", "scale", "limit", "history", "period_ticks")
        said = {key: getattr(term, key) for key in keys}
        terms.append(described_term(said | other(term), joints, tips, term.max_age_s))
    return replace(manifest, observation=replace(manifest.observation, terms=tuple(terms)))
