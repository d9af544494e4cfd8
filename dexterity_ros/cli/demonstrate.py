"""dexterity hand teach, play"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np

from dexterity_ros.action.primitive_fit import fit
from dexterity_ros.bringup.leading import LedHand
from dexterity_ros.bringup.lesson import Doing, Lesson, read_motions, write_lesson
from dexterity_ros.bringup.manual import PERIOD_S
from dexterity_ros.bringup.playing import path_of, path_of_primitive, play
from dexterity_ros.cli.hand import connected
from dexterity_ros.cli.hand_port import hand_spec, joint_index, port_path
from dexterity_ros.cli.keys import pressed_keys
from dexterity_ros.cli.options.demonstrate import PlayOptions, TeachOptions
from dexterity_ros.cli.output import console, figures_table, say, write_json
from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.errors import BagError, ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.contracts.samples import JointSample
from dexterity_ros.runtime.ending import interrupt_once

_RATES_HZ = (1.0, 100.0)


def teach(options: TeachOptions) -> int:
    """Records what a person shows with the fingers of a limp hand, or of a second one that leads."""
    if not _RATES_HZ[0] <= options.rate_hz <= _RATES_HZ[1]:
        raise ConfigError(f"--rate-hz is {options.rate_hz:g}, expected {_RATES_HZ[0]:g} to {_RATES_HZ[1]:g}")
    if options.name.exists():
        raise BagError(f"{options.name} exists already; a lesson never overwrites anything")
    asked_to_end, spec = interrupt_once(), hand_spec(options)
    lesson = Lesson(period_ns=round(1e9 / options.rate_hz))
    hands = [connected(spec, port_path(options.port), None, asked_to_end)]
    try:
        if options.leader:
            leading = replace(options, robot=options.leader_robot)
            hands.append(connected(hand_spec(leading), options.leader, None, asked_to_end))
            _led(LedHand(*hands), lesson)
        else:
            hands[0].limp()
            _listen(lesson, lambda: (hands[0].read(), None))
    except KeyboardInterrupt:
        say("ended; what was kept is written")
    finally:
        for hand in hands:
            hand.close()
    with naming(options.name):
        write_lesson(options.name, lesson, spec)
    seconds = sum((e[-1].sample.stamp_ns - e[0].sample.stamp_ns) * 1e-9 for e in lesson.kept)
    say(f"{len(lesson.kept)} episodes, {seconds:.1f} s in {options.name}; next: dexterity hand play {options.name}")
    said = {"bag": str(options.name), "episodes": len(lesson.kept), "thrown": lesson.thrown}
    write_json(options.json, said | {"seconds": round(float(seconds), 2)})
    return 0


def _led(led: LedHand, lesson: Lesson) -> None:
    led.begin()
    try:
        _listen(lesson, led.step)
    finally:
        led.end()


def _listen(lesson: Lesson, read: Callable[[], tuple[JointSample | None, Floats | None]]) -> None:
    """Reads hands and keys until the person is done. Stamps are those of a wall clock that nobody sets meanwhile."""
    wall_ns = time.time_ns() - time.monotonic_ns()
    with pressed_keys() as pressed, console.status(str(lesson.doing)) as status:
        while lesson.doing is not Doing.DONE:
            began, before = time.monotonic(), lesson.doing
            sample, wanted = read()
            if sample is not None:
                lesson.step(replace(sample, stamp_ns=int(sample.stamp_ns) + wall_ns), pressed(), wanted)
            if lesson.doing is not before:
                status.update(f"{lesson.doing}; {len(lesson.kept)} kept, {lesson.thrown} thrown away")
            time.sleep(max(PERIOD_S - (time.monotonic() - began), 0.0))


def play_motion(options: PlayOptions) -> int:
    """Plays a motion, or the primitive that is fitted to several."""
    if options.goal and not options.dmp:
        raise ConfigError("--goal is of a movement primitive: give --dmp")
    asked_to_end, spec = interrupt_once(), hand_spec(options)
    motions, period_s = read_motions(options.name, spec)
    path_rad = _path(options, spec, motions, period_s)
    manual = connected(spec, port_path(options.port), options.current_a, asked_to_end)
    try:
        path = path_rad(manual.look().pos_rad)
        with console.status(f"{len(path) * PERIOD_S:.1f} s; Ctrl-C lets go"):
            played = play(manual, path)
    except KeyboardInterrupt:
        manual.let_go()
        say("let go")
        return 0
    else:
        manual.let_go()
    finally:
        manual.close()
    console.print(figures_table(str(options.name), asdict(played)))
    write_json(options.json, asdict(played))
    return 0


def _path(
    options: PlayOptions, spec: RobotHand, motions: Sequence[Floats], period_s: float
) -> Callable[[Floats], Floats]:
    """Returns what is commanded, (T, n), of where the hand stands, (n,). Raises ConfigError before a port is opened."""
    if not options.dmp:
        if not 0 <= options.episode < len(motions):
            raise ConfigError(f"--episode is {options.episode}, {options.name} has 0 to {len(motions) - 1}")
        path = path_of(motions[options.episode], period_s, options.speed)
        return lambda _measured: path
    primitive = fit(motions, period_s)
    goal = _goal(options.goal, spec, primitive.goal_rad)
    make = partial(path_of_primitive, primitive, hand=spec, speed=options.speed, goal_rad=goal)
    make(primitive.start_rad)  # refuses what cannot be
    return make


def _goal(texts: Sequence[str], spec: RobotHand, shown_rad: Floats) -> Floats:
    """Returns where the primitive ends: as shown, but for the joints that are named. Raises ConfigError."""
    goal = shown_rad.copy()
    for text in texts:
        name, separator, value = text.partition(":=")
        try:
            wanted = float(value) if separator else math.nan
        except ValueError:
            wanted = math.nan
        if not math.isfinite(wanted):
            raise ConfigError(f"--goal is {shown(text)}, expected JOINT:=RAD")
        goal[joint_index(spec, name)] = wanted
    return np.clip(goal, spec.lower_rad, spec.upper_rad)
