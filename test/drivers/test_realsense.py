"""RealSense cameras through the vendor's real pipeline, on recordings of its software device."""

import time

import numpy as np
import pytest

from dexterity_ros.drivers.realsense.camera import CameraClock, CameraError, RealSenseCamera, RealSenseConfig

pytestmark = pytest.mark.realtime

MATRIX = (96.0, 0.0, 80.0, 0.0, 96.0, 60.0, 0.0, 0.0, 1.0)


def config(playback="", **change):
    values = {"serial": "", "playback": str(playback), "width": 160, "height": 120, "rate_hz": 30, "filters": ""}
    return RealSenseConfig(**(values | change))


def pairs(count):
    """Depth 500 + k everywhere with one near corner; colour k everywhere."""
    made = []
    for k in range(count):
        depth = np.full((120, 160), 500 + k, dtype=np.uint16)
        depth[:10, :20] = 300
        made.append((depth, np.full((120, 160, 3), k, dtype=np.uint8)))
    return made


def read_all(camera):
    found, now = [], time.time_ns
    with pytest.raises(CameraError, match="is over"):
        while True:
            image = camera.read(0.3, now)
            if image is not None:
                found.append(image)
    return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory, realsense_recording):
    path = tmp_path_factory.mktemp("camera") / "run.db3"
    realsense_recording(path, pairs(20), matrix=MATRIX)
    return path


def test_a_recording_comes_through_the_real_pipeline_as_it_was_taken(recording):
    with RealSenseCamera(config(recording)) as camera:
        assert camera.name == "Software camera 0123"
        images = read_all(camera)
    assert len(images) >= 5  # the pipeline keeps the newest, as with a camera; a busy machine drops more
    for image in images:
        level = int(image.sample.rgb[60, 80, 0])
        assert image.sample.depth_mm.dtype == np.uint16 and image.sample.depth_mm.shape == (120, 160)
        assert image.sample.depth_mm[60, 80] == 500 + level  # depth and colour of the same moment
        assert image.sample.depth_mm[2, 2] == 300
        np.testing.assert_allclose(image.matrix, MATRIX, rtol=1e-5)
    stamps = np.array([image.sample.stamp_ns for image in images])
    numbers = np.array([image.number for image in images])
    assert (np.diff(numbers) >= 1).all()
    apart = np.diff(stamps) / np.diff(numbers)  # single ones move while the clock learns how late images come
    assert abs(np.median(apart) - 1e9 / 30) < 0.05 * 1e9 / 30 and (apart > 0).all()
    assert abs(stamps[-1] - time.time_ns()) < 3e9  # by our clock, not the recording's


def test_other_depth_units_become_millimetres(tmp_path, realsense_recording):
    realsense_recording(tmp_path / "run.db3", pairs(8), matrix=MATRIX, unit_m=0.0001)
    with RealSenseCamera(config(tmp_path / "run.db3")) as camera:
        image = read_all(camera)[0]
    assert image.sample.depth_mm[60, 80] == round((500 + int(image.sample.rgb[60, 80, 0])) * 0.1)


def test_filters_are_applied_and_unknown_ones_named(recording):
    with RealSenseCamera(config(recording, filters="decimation, hole_filling")) as camera:
        image = read_all(camera)[0]
    assert image.sample.depth_mm.shape == (120, 160)  # aligned to the colour image again
    with pytest.raises(CameraError, match=r"no filter 'sharpen'; there are \['decimation'"):
        RealSenseCamera(config(recording, filters="sharpen"))


@pytest.mark.usefixtures("realsense_recording")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "there is no camera with depth and colour of 160x120 at 30 Hz; connected: none"),
        ({"serial": "42"}, "there is no camera 42"),
        ({"playback": "nowhere.db3"}, "there is no recording nowhere.db3"),
    ],
)
def test_what_is_not_there_is_said_within_a_second(settings, said):
    began = time.monotonic()
    with pytest.raises(CameraError, match=said):
        RealSenseCamera(config(**settings))
    assert time.monotonic() - began < 1.0


@pytest.mark.usefixtures("realsense_recording")
def test_a_file_that_is_no_recording_is_an_error_and_not_a_crash(tmp_path):
    (tmp_path / "x.db3").write_bytes(b"no recording")
    with pytest.raises(CameraError, match=r"x\.db3"):
        RealSenseCamera(config(tmp_path / "x.db3"))


def test_the_clock_follows_the_quickest_arrival_and_not_the_slow_ones():
    clock, rng = CameraClock(), np.random.default_rng(0)
    true_offset, stamps = 7_000_000_000, []
    for k in range(300):
        taken = k * 33_000_000
        late = int(rng.exponential(8e6)) + 20_000_000
        stamps.append(clock.stamp_ns(taken, taken + true_offset + late) - taken - true_offset)
    assert max(stamps[50:]) < 22_000_000 and min(stamps[50:]) >= 20_000_000


def test_a_clock_that_jumps_back_starts_afresh():
    clock = CameraClock()
    clock.stamp_ns(5_000_000_000, 9_000_000_000)
    assert clock.stamp_ns(1_000_000_000, 9_100_000_000) == 9_100_000_000
