"""Draws the list of generated objects from a seed, and a sheet that shows them.

python -m dexterity_ros.reporting.object_sheet SEED LIST.yaml SHEET.png
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.family.catalogue import Catalogue, FamilyObject, drawn
from dexterity_ros.contracts.frames import quat_multiply, quat_to_matrix, rotvec_to_quat
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.solid import Solid
from dexterity_ros.contracts.surface import ConvexPart

Image = NDArray[np.uint8]
_TILE, _COLUMNS = 104, 10
_TILT, _TURN = np.array([-1.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.5])  # rotation vectors, rad
_VIEW = quat_to_matrix(quat_multiply(rotvec_to_quat(_TILT), rotvec_to_quat(_TURN)))
_PIXELS_PER_M = 820.0
_LIGHT = np.array([-0.4, 0.5, 0.77])
_TRAINED_RGB, _KEPT_RGB = np.array([86.0, 140.0, 204.0]), np.array([222.0, 150.0, 72.0])
_TEXT_RGB = (70, 70, 70)


def sheet(objects: tuple[FamilyObject, ...]) -> Image:
    """Returns a picture of objects in rows, RGB: those trained on in blue, those kept for the judge in orange."""
    tiles = [_tile(item) for item in objects]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % _COLUMNS)
    rows = [np.concatenate(tiles[k : k + _COLUMNS], axis=1) for k in range(0, len(tiles), _COLUMNS)]
    return np.concatenate(rows, axis=0)


def _tile(item: FamilyObject) -> Image:
    picture = _drawn(item.spec, _TRAINED_RGB if item.split == "train" else _KEPT_RGB)
    name = item.name.replace("superellipsoid", "superell.")
    cv2.putText(picture, name, (4, _TILE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.34, _TEXT_RGB, 1, cv2.LINE_AA)
    return picture


def _drawn(spec: ObjectSpec, rgb: Floats) -> Image:
    """Returns an object in parallel projection: its faces from the farthest to the nearest."""
    triangles, normals = (np.concatenate(values) for values in zip(*map(_faces, spec.parts), strict=True))
    triangles, normals = triangles @ _VIEW.T, normals @ _VIEW.T
    picture: Image = np.full((_TILE, _TILE, 3), 255, dtype=np.uint8)
    seen = np.flatnonzero(normals[:, 2] > 0.0)
    for k in seen[np.argsort(triangles[seen, :, 2].mean(axis=1))]:
        flat = triangles[k, :, :2] * np.array([_PIXELS_PER_M, -_PIXELS_PER_M]) + np.array([0.5, 0.46]) * _TILE
        bright = 0.45 + 0.6 * max(float(normals[k] @ _LIGHT), 0.0)
        colour = [float(value) for value in np.minimum(rgb * bright, 255.0)]
        cv2.fillConvexPoly(picture, np.round(flat * 16).astype(np.int32), colour, cv2.LINE_8, shift=4)
    return picture


def _faces(part: Solid) -> tuple[Floats, Floats]:
    convex = ConvexPart(part)
    return convex.triangles_m, convex.normals


def written(catalogue: Catalogue) -> str:
    """Returns the list as a YAML file."""
    said = (
        "# Generated objects; made by python -m dexterity_ros.reporting.object_sheet, not by hand.\n"
        "# Lengths in mm. split: train, or held-out for the judge; no frustum and no cross is trained on.\n"
    )
    return said + yaml.safe_dump(config.to_mapping(catalogue), sort_keys=False, default_flow_style=None, width=120)


def main() -> None:
    """Entry point."""
    seed, path, picture = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    catalogue = drawn(seed)
    path.write_text(written(catalogue))
    cv2.imwrite(str(picture), sheet(catalogue.objects)[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"wrote {len(catalogue.objects)} objects to {path}, and {picture}")


if __name__ == "__main__":
    main()
