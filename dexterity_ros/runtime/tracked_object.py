"""What the eyes know about an object in models/objects: its surface, and what tells apart poses that look alike."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.object import FACES_FILE, BoxObject, load_box, object_folder
from dexterity_ros.contracts.samples import CloudSample, DepthSample
from dexterity_ros.estimation.surfaces import Surface, box_surface, sampled_surface
from dexterity_ros.estimation.symmetry import ColourVote, FaceVote, ShapeAlone, TagVote
from dexterity_ros.perception.face_colours import face_labels
from dexterity_ros.perception.face_tags import FaceTags

_MESH_FILES = ("mesh.stl", "mesh.obj", "mesh.ply")
_MESH_SAMPLES = 20_000


@dataclass(frozen=True, kw_only=True)
class TrackedObject:
    """surface: signed distance. vote, evidence: what compares faces, and what it wants to know of an image.

    needs_colour: whether an image without colours is of any use.
    """

    surface: Surface
    vote: FaceVote
    evidence: Callable[[DepthSample, CloudSample], Any]
    needs_colour: bool


def tracked_object(name: str, camera: CameraSpec) -> TrackedObject:
    """Returns the object models/objects/`name`: a box with faces.yaml, or any shape with mesh.stl (or .obj, .ply).

    Raises ConfigError when it has neither.
    """
    folder = object_folder(name)
    if (folder / FACES_FILE).is_file():
        return _box(load_box(name), camera)
    meshes = [folder / file for file in _MESH_FILES if (folder / file).is_file()]
    if not meshes:
        there = sorted(path.name for path in folder.iterdir())
        raise ConfigError(f"{folder} has neither {FACES_FILE} nor one of {list(_MESH_FILES)}; it has {there}")
    return TrackedObject(
        surface=_mesh_surface(meshes[0]), vote=ShapeAlone(), evidence=lambda _image, _cloud: None, needs_colour=False
    )


def _box(box: BoxObject, camera: CameraSpec) -> TrackedObject:
    surface = box_surface(box.half_m)
    if box.tag_m > 0.0:
        tags = FaceTags(box, camera)
        return TrackedObject(
            surface=surface, vote=TagVote(box), evidence=lambda image, _cloud: tags.step(image), needs_colour=True
        )
    return TrackedObject(
        surface=surface,
        vote=ColourVote(box),
        evidence=lambda _image, cloud: face_labels(cloud.rgb, box),
        needs_colour=True,
    )


def _mesh_surface(path: Path) -> Surface:
    try:
        import trimesh
    except ImportError as error:
        raise ConfigError(f"{path} needs trimesh: pip install '.[perception]' ({error})") from error

    mesh = trimesh.load_mesh(path)
    points, faces = trimesh.sample.sample_surface(mesh, _MESH_SAMPLES, seed=0)
    return sampled_surface(np.asarray(points), np.asarray(mesh.face_normals[faces]))
