"""The options of the benches of bring-up: walks on hidden individuals, and files with mistakes."""

from dataclasses import dataclass

from dexterity_ros.cli.options.kinds import HandName, JsonFile


@dataclass(frozen=True, kw_only=True)
class BenchBringupOptions:
    """Walk through bring-up on hidden individuals, and score what was written.

    In virtual time, with a scripted person. Status 1 when a sign or id is wrong somewhere, or a motor is left with
    torque. Every walk that was started counts. The JSON file is written after every walk, so that an interrupted trial
    can go on. Individuals below 10000 are those that the steps are developed on.

    JSON keys:
    - robots, finished, signs_right: walks; signs_right: with every sign and id right
    - zeros_deg {p50, p95}: errors over all joints
    - camera_mm, camera_deg {p50, p95}: errors of where the camera stands
    - delay_ms, stiffness_percent, damping_percent, friction_percent {p50, p95}: errors of what was identified
    - held_out_floors {p50, p95}: error of the motion that was not fitted, worst joint, over the sensor's noise floor
    - beside p50 and p95: half_width_p50 and covered_percent of 95 % intervals; missing, truths that nothing was said of
    - covered_percent: of all truths that have an interval
    - minutes {p50, max}: of robot time
    - cpu_s {p50, max}: CPU time that a walk took to compute
    - answers_wrong: of the scripted person, as a text
    - most_rad_s, most_a: fastest joint and largest current, as the emulator counted
    - motors_with_torque: after the walks
    - walks: a list of {seed, signs_right, worst, most_rad_s, minutes, asked, erred, said}; worst: largest errors
    - rows: a list of {seed, watchers, hidden, robot, figures and more}: the truth and what was written, walk by walk

    Attributes:
        robots: how many individuals.
        first_seed: of the first individual; the others follow.
        wrong_percent: share of the person's answers that are wrong.
        eyes: the camera says what moved, and which way.
        resume: go on from the rows that the JSON file holds.
    """

    hand: HandName = "leap"
    robots: int = 50
    first_seed: int = 10_000
    wrong_percent: float = 3.0
    eyes: bool = False
    json: JsonFile = None
    resume: bool = False


@dataclass(frozen=True, kw_only=True)
class BenchAcceptOptions:
    """Run the acceptance on hidden individuals with files that have one mistake: is every one refused?

    In virtual time, with a scripted person. Of five files two have one flipped sign, two one exchanged pair of ids, and
    one has no mistake. Status 1 when one with a mistake is accepted, or one without is refused. The JSON file is
    written after every file, so that an interrupted trial can go on.

    JSON keys:
    - files, refused: how many of each kind of mistake
    - refused_by: how many by each step of the acceptance
    - answers_wrong: of the scripted person, as a text
    - most_rad_s: the fastest joint, as the emulator counted
    - rows: a list of {seed, kind, mistake, refused, said, asked, erred, most_rad_s}; refused: by which step

    Attributes:
        files: how many files.
        first_seed: of the first individual; the others follow.
        wrong_percent: share of the person's answers that are wrong.
        resume: go on from the rows that the JSON file holds.
    """

    hand: HandName = "leap"
    files: int = 125
    first_seed: int = 10_000
    wrong_percent: float = 3.0
    json: JsonFile = None
    resume: bool = False
