"""A mesh with flat holes is closed, and said so; one that is open otherwise is refused by what is open, at once."""

import time

import numpy as np
import pytest

trimesh = pytest.importorskip("trimesh")

from dexterity_ros.bringup.objects import convex_parts
from dexterity_ros.bringup.objects.closing import closed
from dexterity_ros.contracts.errors import ConfigError


def box():
    return trimesh.creation.box((0.06, 0.06, 0.06))


def without(mesh, gone):
    """A mesh without some of its triangles."""
    mesh.update_faces(~np.asarray(gone))
    return mesh


def bowl():
    """Part of a ball whose rim goes up and down."""
    ball = trimesh.creation.icosphere(3, radius=0.03)
    x, _, z = ball.triangles_center.T
    return without(ball, z > 0.01 - 20.0 * x**2)


def test_a_missing_side_is_closed_and_named():
    mesh = box()
    whole, said = closed(without(mesh, mesh.face_normals[:, 2] > 0.9), "lid.stl")
    assert whole.is_volume and whole.volume == pytest.approx(0.06**3)
    assert said == "1 hole closed by a plane: 84.9 mm across around (0, 0, 30) mm"


def test_several_holes_are_counted():
    mesh = box()
    gone = np.zeros(12, dtype=bool)
    gone[[np.argmax(mesh.face_normals[:, k]) for k in range(3)]] = True
    mesh = mesh.subdivide().subdivide()
    gone = np.isin(np.arange(len(mesh.faces)), [0, 100])
    whole, said = closed(without(mesh, gone), "holes.stl")
    assert whole.is_volume and said.startswith("2 holes closed by a plane: the largest ")


def test_corners_that_are_nearly_one_are_joined():
    mesh = box()
    noise = np.random.default_rng(0).uniform(-1e-7, 1e-7, size=(36, 3))
    apart = trimesh.Trimesh(mesh.triangles.reshape(-1, 3) + noise, np.arange(36).reshape(-1, 3), process=False)
    whole, said = closed(apart, "soup.stl")
    assert whole.is_volume and said == "points joined that are nearly one"


def test_a_surface_inside_out_is_turned():
    mesh = box()
    mesh.invert()
    assert closed(mesh, "in.stl")[0].volume == pytest.approx(0.06**3)


def twisted():
    mesh = box()
    gone = np.zeros(12, dtype=bool)
    gone[0] = True
    mesh.faces[5] = mesh.faces[5][::-1]
    return without(mesh, gone)


def fin():
    mesh = box()
    return trimesh.Trimesh(
        np.vstack([mesh.vertices, [[0.0, 0.0, 0.09]]]), np.vstack([mesh.faces, [*mesh.faces[0][:2], 8]]), process=False
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (bowl, r"the surface of it.stl is open: 1 hole with an edge that is not flat, .* mm across around"),
        (fin, "edges belong to three or more triangles"),
        (twisted, "triangles side by side face different ways"),
    ],
)
def test_what_is_open_otherwise_is_refused_by_what_is_open(make, said):
    with pytest.raises(ConfigError, match=said) as error:
        closed(make(), "it.stl")
    assert "--parts 1" in str(error.value)


def test_cutting_that_comes_to_no_end_is_ended(monkeypatch):
    pytest.importorskip("coacd")
    monkeypatch.setattr(convex_parts, "_MOST_S", 0.05)
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"\d+ triangles were not cut into convex parts within 0 s: .* --parts 1"):
        convex_parts.convex_parts(trimesh.creation.annulus(0.018, 0.03, 0.025), 16, (1, 2, 3))
    assert time.monotonic() - began < 30.0
