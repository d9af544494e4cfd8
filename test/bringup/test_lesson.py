"""What a person shows becomes a bag that everything reads, and is played back through the gate."""

import numpy as np
import pytest

from dexterity_ros.action.primitive_fit import fit
from dexterity_ros.bringup.leading import LedHand
from dexterity_ros.bringup.lesson import Doing, Lesson, read_motions, write_lesson
from dexterity_ros.bringup.manual import HandError, ManualHand
from dexterity_ros.bringup.playing import path_of, path_of_primitive, play
from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.contracts.samples import JointSample
from dexterity_ros.drivers.dynamixel.native_bus import NativeBus
from dexterity_ros.drivers.emulated.bus import EmulatedBus, StillJoints, WireModel
from dexterity_ros.drivers.emulated.virtual_port import VirtualPort

MS = 1_000_000
START_NS = 1_800_000_000_000_000_000


def shown_pose(hand, t):
    return np.array(hand.home_pos_rad) + 0.2 * np.sin(2.0 * np.pi * 0.5 * t + np.arange(16))


def taught(hand, keys, seconds=4.0):
    """A person who moves the fingers and presses keys: {second: key}. Measured every 10 ms."""
    lesson, pressed = Lesson(period_ns=50 * MS), dict(keys)
    for k in range(round(seconds * 100)):
        key = pressed.pop(next((t for t in sorted(pressed) if t <= k * 0.01), None), "")
        pos = shown_pose(hand, k * 0.01)
        lesson.step(JointSample(stamp_ns=START_NS + k * 10 * MS, pos_rad=pos, vel_rad_s=np.zeros(16)), key)
    return lesson


def test_an_episode_is_kept_or_thrown_away_as_the_person_says(leap):
    lesson = taught(
        leap, {0.5: " ", 1.5: " ", 1.6: "k", 1.8: " ", 2.6: " ", 2.7: "t", 2.8: " ", 3.4: " ", 3.5: "k", 3.6: "q"}
    )
    assert [len(episode) for episode in lesson.kept] == [20, 12] and lesson.thrown == 1
    assert lesson.doing is Doing.DONE
    steps = np.diff([row.sample.stamp_ns for row in lesson.kept[0]])
    assert (steps == 50 * MS).all()


def test_keys_that_mean_nothing_now_change_nothing(leap):
    lesson = taught(leap, {0.1: "k", 0.2: "t", 0.3: "x"})
    assert lesson.doing is Doing.WAITING and not lesson.kept and not lesson.thrown


def test_an_episode_of_a_moment_is_none(leap):
    lesson = taught(leap, {0.5: " ", 0.6: " ", 0.7: "k"})
    assert not lesson.kept and lesson.thrown == 1


@pytest.fixture
def lesson(leap):
    return taught(leap, {0.5: " ", 2.5: " ", 2.6: "k", 2.7: " ", 3.7: " ", 3.8: "k"})


def test_a_lesson_is_read_back_as_it_was_shown(lesson, leap, tmp_path):
    write_lesson(tmp_path / "wave", lesson, leap)
    motions, period_s = read_motions(tmp_path / "wave", leap)
    assert period_s == pytest.approx(0.05) and [len(m) for m in motions] == [39, 19]
    np.testing.assert_array_equal(motions[0], np.stack([s.sample.pos_rad for s in lesson.kept[0][1:]]))


def test_a_lesson_never_overwrites_and_an_empty_one_is_refused(lesson, leap, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(BagError, match="exists already"):
        write_lesson(tmp_path / "there", lesson, leap)
    with pytest.raises(BagError, match="no episode was kept"):
        write_lesson(tmp_path / "empty", Lesson(period_ns=50 * MS), leap)


def test_a_lesson_becomes_a_dataset(lesson, leap, tmp_path):
    pytest.importorskip("pyarrow")
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.recording.lerobot import to_lerobot
    from dexterity_ros.recording.lerobot_reader import dataset_ticks

    write_lesson(tmp_path / "wave", lesson, leap)
    done = to_lerobot(Bag(tmp_path / "wave"), tmp_path / "set", joint_names=leap.joint_names, task="wave", rate_hz=20.0)
    assert (done.episodes, done.frames) == (2, 58)
    ticks = dataset_ticks(tmp_path / "set", joint_names=leap.joint_names)
    np.testing.assert_array_equal(ticks[0].target.pos_rad, lesson.kept[0][1].sample.pos_rad)


@pytest.fixture
def manual(leap, emulated):
    port = VirtualPort(emulated)
    made = ManualHand(leap, lambda: NativeBus(port, timeout_s=0.01), port)
    made.connect()
    return made


@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_what_was_shown_is_played_through_the_gate(manual, lesson, leap, emulated, speed):
    motion = np.stack([s.sample.pos_rad for s in lesson.kept[1]])
    played = play(manual, path_of(motion, 0.05, speed))
    manual.let_go()
    assert played.cycles == pytest.approx((len(motion) - 1) * 5 / speed + 1, abs=1)
    assert played.tracking_rms_rad < 0.02 and played.clamped == 0 and played.end_rad < 0.01
    assert emulated.unsafe_goals == 0 and not any(motor.torque for motor in emulated.motors)


def test_a_primitive_begins_where_the_hand_stands_and_ends_at_its_goal(manual, lesson, leap, emulated):
    motion, home = np.stack([s.sample.pos_rad for s in lesson.kept[0]]), np.array(leap.home_pos_rad)
    path = path_of_primitive(fit([motion], 0.05), manual.look().pos_rad, leap, speed=1.0, goal_rad=home)
    np.testing.assert_allclose(path[0], manual.look().pos_rad)
    played = play(manual, path)
    assert np.abs(path[-1] - home).max() < 0.02 and played.end_rad < 0.02 and emulated.unsafe_goals == 0


@pytest.mark.parametrize("speed", [0.0, -1.0, 9.0, np.nan])
def test_a_speed_that_is_none_is_refused(lesson, speed):
    motion = np.stack([s.sample.pos_rad for s in lesson.kept[0]])
    with pytest.raises(ConfigError, match="expected 0.05 to 5 times as fast"):
        path_of(motion, 0.05, speed)


def test_the_fingers_are_free_after_limp(manual, leap, emulated):
    manual.ease_to(np.array(leap.home_pos_rad))
    manual.limp()
    assert not any(motor.torque for motor in emulated.motors)


class Pair:
    """Two emulated hands in one virtual time; a person moves the fingers of the second."""

    def __init__(self, leap):
        self.hand, home = leap, np.array(leap.home_pos_rad)
        self.shown = StillJoints(leap.joint_names, home)
        self.follower, self.leader = (self.made(j) for j in (StillJoints(leap.joint_names, home), self.shown))
        self.led = LedHand(self.follower[1], self.leader[1])

    def made(self, joints):
        bus = EmulatedBus(self.hand, joints, WireModel())
        port = VirtualPort(bus)
        manual = ManualHand(self.hand, lambda: NativeBus(port, timeout_s=0.01), port)
        manual.connect()
        return bus, manual, port

    def step(self, pose):
        self.shown._pos = pose.copy()  # as a person would: a hand without torque does not resist
        self.leader[2].sleep(max(self.follower[2].now_ns() - self.leader[2].now_ns(), 0) * 1e-9)
        return self.led.step()


def test_a_second_hand_leads_and_this_one_follows_within_two_cycles(leap):
    pair = Pair(leap)
    pair.led.begin()
    off, measured = [], None
    poses = [shown_pose(leap, k * 0.01) for k in range(300)]
    for k, pose in enumerate(poses):
        measured, wanted = pair.step(pose)
        np.testing.assert_allclose(wanted, pose, atol=0.002)
        if k > 50:
            off.append(measured.pos_rad - poses[k - 1])
    pair.led.end()
    assert np.sqrt(np.mean(np.square(off))) < 0.02
    assert pair.follower[0].unsafe_goals == 0
    assert not any(motor.torque for bus in (pair.follower[0], pair.leader[0]) for motor in bus.motors)


def test_a_leader_outside_the_limits_is_followed_to_the_limit(leap):
    pair = Pair(leap)
    pair.led.begin()
    _, wanted = pair.step(leap.upper_rad + 0.3)
    np.testing.assert_array_equal(wanted, leap.upper_rad)
    pair.led.end()


def test_a_leader_that_is_lost_lets_go_of_the_hand_that_follows(leap):
    pair = Pair(leap)
    pair.led.begin()
    pair.leader[2].unplugged = True
    with pytest.raises(HandError):
        pair.step(np.array(leap.home_pos_rad))
    assert not any(motor.torque for motor in pair.follower[0].motors)


def test_what_a_leader_wanted_is_what_is_learned(leap, tmp_path):
    lesson, wanted = Lesson(period_ns=50 * MS), np.array(leap.home_pos_rad) + 0.1
    for k in range(100):
        key = {10: " ", 80: " ", 90: "k"}.get(k, "")
        sample = JointSample(stamp_ns=START_NS + k * 10 * MS, pos_rad=wanted - 0.1, vel_rad_s=np.zeros(16))
        lesson.step(sample, key, wanted)
    write_lesson(tmp_path / "led", lesson, leap)
    motions, _ = read_motions(tmp_path / "led", leap)
    np.testing.assert_array_equal(motions[0], np.repeat(wanted[None], len(motions[0]), axis=0))
