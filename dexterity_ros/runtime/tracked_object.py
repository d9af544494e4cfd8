"""What the eyes know about an object: its surface, and what tells apart poses that look alike."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.faces import FACES_FILE, BoxObject, Labelled
from dexterity_ros.contracts.object import SPEC_FILE, ObjectSpec, load_labels, object_folder
from dexterity_ros.contracts.samples import CloudSample, DepthSample
from dexterity_ros.contracts.symmetry import NO_SYMMETRY, Symmetry
from dexterity_ros.estimation.surfaces import Surface, box_surface, sampled_surface
from dexterity_ros.estimation.symmetry import ColourVote, FaceVote, ShapeAlone, TagVote
from dexterity_ros.perception.face_colours import face_labels
from dexterity_ros.perception.face_tags import FaceTags
from dexterity_ros.perception.object_mesh import sample_parts

_MESH_FILES = ("mesh.stl", "mesh.obj", "mesh.ply")
_MESH_SAMPLES = 20_000


@dataclass(frozen=True, kw_only=True)
class TrackedObject:
    """surface: signed distance. vote, evidence: what compares faces, and what it wants to know of an image.

    needs_colour: whether an image without colours is of any use. symmetry: of the object with its labels.
    """

    surface: Surface
    vote: FaceVote
    evidence: Callable[[DepthSample, CloudSample], Any]
    needs_colour: bool
    symmetry: Symmetry = NO_SYMMETRY


def tracked_object(name: str, camera: CameraSpec) -> TrackedObject:
    """Returns the object called `name`: what object.yaml says, a box with faces.yaml, or any shape with mesh.stl.

    A mesh (mesh.stl, .obj or .ply) is followed in place of the parts. Raises ConfigError when there is none of these.
    """
    folder, item = object_folder(name), load_labels(name)
    meshes = [folder / file for file in _MESH_FILES if (folder / file).is_file()]
    if item is None and not meshes:
        there = sorted(path.name for path in folder.iterdir())
        said = f"{folder} has none of {[SPEC_FILE, FACES_FILE, *_MESH_FILES]}; it has {there}"
        raise ConfigError(said)
    surface = _mesh_surface(meshes[0]) if meshes or item is None else _own_surface(item)
    return _with_vote(surface, item, camera)


def _own_surface(item: Labelled) -> Surface:
    half_m = item.half_m if isinstance(item, BoxObject) else None
    if isinstance(item, ObjectSpec):
        half_m = item.box_half_m
        if half_m is None:
            return sampled_surface(*sample_parts(item.parts, _MESH_SAMPLES))
    assert half_m is not None
    return box_surface(half_m)


def _with_vote(surface: Surface, item: Labelled | None, camera: CameraSpec) -> TrackedObject:
    if item is None or not item.faces:
        return TrackedObject(
            surface=surface,
            vote=ShapeAlone(),
            evidence=lambda _image, _cloud: None,
            needs_colour=False,
            symmetry=NO_SYMMETRY if item is None else item.symmetry,
        )
    if item.tag_m > 0.0:
        tags = FaceTags(item, camera)
        return TrackedObject(
            surface=surface, vote=TagVote(item), evidence=lambda image, _cloud: tags.step(image), needs_colour=True
        )
    return TrackedObject(
        surface=surface,
        vote=ColourVote(item),
        evidence=lambda _image, cloud: face_labels(cloud.rgb, item),
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
