"""The options of `dexterity demo`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from dexterity_ros.cli.options.kinds import HandName, JsonFile, RobotFile, optional


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Run the whole closed loop on a simulated hand: real ROS 2 nodes, real DDS, real time.

    Starts config/systems/eyes.yaml, arms the hand, lets the policy turn the object to goal after goal, puts the object
    back after a failure, and prints what happened, judged on the simulator's truth. Needs no robot, GPU or root.

    With --policy none (any hand) no object is turned: the hand eases home, moves joint by joint and lets go; printed is
    how well each joint followed.

    With --leader a second emulated hand leads, which has no torque and whose fingers a slow wave goes through; the
    demo's hand follows, and the policy acts where it does not. The task is `hold` then, unless one is named: its goals
    are reached by keeping the object as it lies. Printed is how well and how late each joint followed.

    On a machine too busy to run the emulated motors in time, their watchdogs stop the hand. Only here, and only with
    --hardware dynamixel, a stop is followed by disarming, preparing and arming, as a person would; each is counted and
    printed, and the goal it interrupted counts neither as reached nor as missed. The table is printed however the demo
    ends; status 1 when it could not go on, 130 after Ctrl-C.

    JSON keys:
    What is not known is null or empty.

    - policy, task
    - goals_attempted, goals_reached, rate, rate_ci95, drops
    - consecutive {mean, sd, median, max, ci95}, time_per_goal_s {median, p90}
    - trials: a list of {attempted, reached}, as in `evaluate`
    - rate_by_estimate: as goal_node saw it; reached_only_by_estimate: goals that the truth denies
    - pose_error {position_mm, rotation_deg {p50, p95, p99}, wrong_percent (more than 15 degrees off), lost_percent (of
      the time, no pose for 0.15 s), longest_gap_s, poses}
    - lateness_ms {p50, p99, max} and overruns, cycles: of policy_node's loop
    - probe_lateness_ms: of an empty loop beside it
    - hand_cycle_ms {p50, p99, max}: time that hand_node needs to read and write the hand; hand_overruns
    - observation_age_ms {p50, p99, max}: from the oldest measurement to the write, to be held against
      latency_trained_ms [low, high], which the policy is known to bear
    - cpu_percent (100 is one core) and pss_mb, of all nodes
    - faults {name: count}
    - realtime: whether SCHED_FIFO was allowed
    - realtime_factor: simulated time over the clock's, from arming on; below 1 the machine is too slow
    - stops: a list of {at_s, reason}
    - leader {seconds, delay_ms {p50, p99}, held_back, rms_rad, joints {name: {moved_rad, rms_rad, delay_ms}}}: with
      --leader; of spans of 5 s in which the hand followed: how late the joints were that moved, from leader to
      follower; the share of joints and spans that no delay explains, because the object held them, and which are not
      in it; the difference from the leader, of all and with the delay in it
    - ended: why before the goals were done or the time was up; else empty

    With --policy none: hand, hardware, joints {name: {moved_rad, rms_rad, delay_ms}}, faults, hand_cycle_ms, stops,
    ended.

    Attributes:
        goals: stop after this many goals have been reached or missed.
        minutes: stop after this time at the latest, starting included; 0 is no limit.
        policy: policy bundle directory, or none.
        recovery: what the policy declares for when it makes no progress.
        allow_unverified: an imported policy may run though not all that its manifest says is confirmed.
        task: name in config/tasks; default: the one the policy was trained for.
        object: name in models/objects, or folder of your own; default: the one the policy was trained on.
        captures: for a policy of points: views that are wanted in place of turns, of `dexterity goal capture`.
        goal_rad: smallest and largest angle of a new goal; default: what of 0.8 to 1.2 rad the task has.
        seed: seed of starting grasps and goals.
        shadow: everything runs and targets are gated, but nothing is written to the hand.
        hardware: dynamixel runs the real driver over an emulated motor bus; direct takes the short way over topics.
        record: folder of a bag to record.
        video: write a film of what happened to this file: .mp4, .gif or .webp; drawn at the end, from a recording.
        video_s: seconds that the film lasts at most, from the first goal on.
        leader: a second emulated hand leads this one.
        eyes: the object's pose comes from a simulated depth camera; --no-eyes: from the simulator, with noise. A policy
            of points has eyes in any case.
        viewer: show it on a live web page on this machine, whose address is printed.
    """

    goals: int = 20
    minutes: float = 3.0
    policy: str = "models/policies/leap_so3_mended"
    recovery: bool = True
    allow_unverified: bool = False
    task: Annotated[str | None, optional("TASK")] = None
    object: Annotated[str | None, optional("OBJECT")] = None
    captures: Annotated[tuple[str, ...], optional("NAME ...")] = ()
    goal_rad: Annotated[tuple[float, float] | None, optional("LOW HIGH")] = None
    hand: HandName = "leap"
    robot: RobotFile = ""
    seed: int = 0
    shadow: bool = False
    hardware: Literal["dynamixel", "direct"] = "dynamixel"
    record: Annotated[Path | None, optional("FOLDER")] = None
    video: Annotated[Path | None, optional("FILE")] = None
    video_s: float = 20.0
    leader: bool = False
    eyes: bool = True
    viewer: bool = True
    json: JsonFile = None
