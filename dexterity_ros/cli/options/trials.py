"""The options of `dexterity trials`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class TrialsOptions:
    """Run trials of a policy on the robot, one after another, and keep a sheet of them.

    For each trial you are asked to put the object into the hand. The hand is armed without another question: it moves
    as soon as the object is seen and lies still. The policy works through the protocol's goals until one is missed, the
    object is dropped, the hand stops, or all are reached. You are asked where the object is when the camera loses it.
    Each trial has a bag of its own. A trial that a fault of the system or a person broke off is kept and done again.

    FOLDER/trials.csv has a row per trial and is all that is remembered: Ctrl-C ends the trials, the same command goes
    on. A larger --episodes adds more. FOLDER/trials.html has the figures.

    With --against the policies take turns in a hidden order: in every block of trials each has one turn,
    and the same goals. Sheet and page name them when all trials are done.

    JSON keys:
    - folder, protocol, system, seed, goals
    - policies: a list of {policy, bundle_id, goals_attempted, goals_reached, rate, rate_ci95, consecutive {mean, sd,
      median, max, ci95}, time_per_goal_s {median, p90}, drops, lasted_s, trials [{attempted, reached}], outcomes,
      more_for_5_points (more trials until this policy's rate is known to 5 points)}
    - differences: a list of {policy, less, pairs, rate, rate_ci95, goals_in_a_row, goals_in_a_row_ci95, told_apart,
      more_for_5_points (more trials of each policy until a difference of 5 points between them is found, in 4 of 5
      cases)}
    - episodes: the rows of the sheet
    - ended: why before the last trial; else empty. Where it is not empty and several policies take turns, policies and
      differences are empty and seed is null: the order stays unknown.

    Attributes:
        protocol: name in config/protocols or path of a YAML file; it sets the task.
        episodes: trials of each policy.
        goals: goals in a trial at most; default: the protocol's.
        policy: policy bundle directory.
        against: other bundles to compare it with.
        system: name in config/systems or path of a YAML file: real, or the emulated ones sim and eyes.
        arg: arguments of the system, listed by `dexterity up SYSTEM --help`. What the trials set is not yours to set.
        folder: where sheet, page and bags go; trials that are there go on.
        seed: seed of the order and of the goals; default: one that nobody knows, kept in FOLDER/trials.yaml.
        unattended: nobody is asked: the simulator puts the object back, and says where it is. Not with a real hand.
    """

    protocol: str = "dactyl"
    episodes: int = 10
    goals: Annotated[int | None, optional("INT")] = None
    policy: str = "models/policies/leap_so3_mended"
    against: Annotated[tuple[str, ...], optional("BUNDLE ...")] = ()
    system: str = "real"
    arg: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction, optional("NAME:=VALUE ...")] = ()
    folder: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("trials")
    seed: Annotated[int | None, optional("INT")] = None
    unattended: bool = False
    json: JsonFile = None
