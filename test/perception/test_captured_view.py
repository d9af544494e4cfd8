"""A captured goal: what several images of an object that is held still have in common."""

import numpy as np
import pytest

from dexterity_ros.contracts.errors import FaultCode
from dexterity_ros.contracts.samples import CloudSample
from dexterity_ros.perception.captured_view import captured_view

EYE, CENTRE = np.array([0.3, -0.2, 0.4]), np.array([0.1, 0.0, 0.05])


def ball(rng, middle, count=400, radius=0.03):
    """The side of a ball that the camera sees, with a millimetre of noise."""
    normal = rng.normal(size=(4 * count, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    facing = normal[(normal @ (EYE - middle)) > 0.3 * np.linalg.norm(EYE - middle)][:count]
    return middle + radius * facing + 0.0007 * rng.normal(size=facing.shape)


def clouds(count=10, middle=CENTRE, step=(0.0, 0.0, 0.0), extra=None):
    rng = np.random.default_rng(0)
    made = []
    for k in range(count):
        points = ball(rng, middle + k * np.array(step))
        made.append(points if extra is None else np.concatenate([points, extra(rng)]))
    return [CloudSample(stamp_ns=k, points_m=points) for k, points in enumerate(made)]


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.02, -0.01, 0.03)])
def test_the_middle_of_the_object_comes_to_the_grasp_centre_wherever_it_was_held(shift):
    view = captured_view(clouds(middle=CENTRE + np.array(shift)), CENTRE, EYE)
    radius = np.linalg.norm(view.points_m - CENTRE, axis=1)
    assert np.abs(radius - 0.03).mean() < 0.004 and len(view.points_m) <= 512
    assert view.moved_m < 0.002 and (view.size_m > 0.03).all()


def test_the_first_points_are_spread_over_the_whole_view():
    view = captured_view(clouds(), CENTRE, EYE)
    few = view.points_m[:48]
    gaps = np.sort(np.linalg.norm(few[:, None] - few[None], axis=-1) + np.eye(48), axis=1)[:, 0]
    assert gaps.min() > 0.004


def test_what_is_seen_in_single_images_is_left_out():
    def flicker(rng):
        return CENTRE + np.array([0.0, 0.0, 0.06]) + 0.02 * rng.uniform(size=(3, 3))

    view = captured_view(clouds(count=20, extra=flicker), CENTRE, EYE)
    assert (view.points_m[:, 2] < CENTRE[2] + 0.045).all()


def test_an_object_that_moves_is_no_view():
    fault = captured_view(clouds(step=(0.002, 0.0, 0.0)), CENTRE, EYE)
    assert fault.code is FaultCode.SOURCE_INVALID and "moved by 9 mm" in fault.detail


def test_nothing_or_next_to_nothing_is_no_view():
    assert captured_view([], CENTRE, EYE).code is FaultCode.CLOUD_EMPTY
    few = [CloudSample(stamp_ns=0, points_m=CENTRE + 0.01 * np.eye(3))]
    fault = captured_view(few, CENTRE, EYE)
    assert fault.code is FaultCode.CLOUD_EMPTY and "3 points of the object" in fault.detail
