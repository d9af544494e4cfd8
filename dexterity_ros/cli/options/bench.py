"""The options of `dexterity bench ...`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class BenchSimOptions:
    """Step the training environment beside bare mujoco.rollout of the same model and controls.

    With observations, rewards and resets, on 1 and 2 threads.

    JSON keys:
    - env_N_threads, rollout_N_threads {p50_ms, p99_ms, per_s, cpu_ms}: one call steps all environments; per_s counts
      control steps
    """

    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchPolicyOptions:
    """Time one tick of the policy's pipeline, and its network alone.

    JSON keys:
    - tick, network {p50_ms, p99_ms, per_s, cpu_ms}
    """

    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchKillsOptions:
    """Kill -9 each node while a simulated hand moves: how long does the gate's output change?

    policy_node, goal_node, safety_node and hand_node in turn; for hand_node, how soon its guardian has switched off the
    torque of every motor. Status 1 when an output was outside the limits.

    JSON keys:
    - NODE {max_ms, all_ms}
    - violations, messages

    Attributes:
        repeats: kills of each node.
    """

    repeats: int = 20
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchStopsOptions:
    """Stop a moving hand in every way, at every bus fault: how soon is it limp, what moves then?

    Services, faults, signals to every process, strangers on its topics. What needs no process is run in virtual time,
    the rest on a running system without physics. Status 1 when a stop was none.

    JSON keys:
    - rows, a list of {kind, bus_fault, repeat, time, reaction, torque_off_ms, still_ms, torque_commands_after,
      motors_with_torque_after_10s, motors_with_torque_after_return, said, shortcomings}

    Attributes:
        repeats: of each kind and fault in virtual time.
        real_repeats: of each kind and fault on a running system, about 15 s each; 0 leaves them out.
        resume: leave out what the JSON file holds already, and add to it.
    """

    repeats: int = 20
    real_repeats: int = 5
    json: JsonFile = None
    resume: bool = False


@dataclass(frozen=True, kw_only=True)
class BenchBusOptions:
    """Read and write all motors on an emulated bus, beside other ways to do it, in turns.

    A canned loop, our native backend, the vendor's SDK worked around, and the SDK as it is.

    JSON keys:
    - BACKEND {p50_ms, p99_ms, per_s, cpu_ms}

    Attributes:
        repeats: rounds of one second; 5 are plenty.
        baud: baud rate of the motors.
        usb_latency_ms: latency timer of the USB adapter.
    """

    repeats: int = 20
    baud: int = 4_000_000
    usb_latency_ms: float = 1.0
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchFaultsOptions:
    """Cause every kind of fault on an emulated bus while the hand moves, and a random mixture.

    Status 1 when a target was unsafe, an old reading was taken for a new one, or something hung.

    JSON keys:
    - rows: a list of {kind, seed, detected_ms, reaction, recovered_ms, unsafe_targets, stale_as_fresh, hang}
    - mixture: counts of the same

    Attributes:
        repeats: seeds of each kind.
        realtime: the kinds in real time through a pseudo-terminal instead of virtual time.
        cycles: cycles of the random mixture.
    """

    repeats: int = 20
    realtime: bool = False
    cycles: int = 10_000
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchChunksOptions:
    """Make the inference of chunks slow, dead, or broken while an emulated hand moves.

    Status 1 when the gate's output still changed 150 ms after the last action, or the hand did not go on afterwards.

    JSON keys:
    - rows: a list of {kind, seed, empty_ms, still_ms, recovered_ms}

    Attributes:
        repeats: seeds of each kind.
    """

    repeats: int = 20
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchPathsOptions:
    """Make the same joint motions through the motor bus and directly: how far do they differ?

    JSON keys:
    - direct, dynamixel: as `demo --policy none`
    - difference {rms_rad, worst_joint, worst_rad, added_delay_ms}
    """

    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchPerceptionOptions:
    """Time depth to pose at the camera's rate, stage by stage, beside numpy and OpenCV.

    On rendered 640x480 images.

    JSON keys:
    - STAGE {p50_ms, p99_ms, per_s, cpu_ms}
    """

    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchObjectsOptions:
    """Follow twelve objects of six shapes by simulated camera and tracker, at 640x480, without ROS.

    Cubes and bricks with colours and tags, prisms, cylinders, a ball, an egg and brackets turn above a hand at home.
    Angles are modulo each object's symmetry.

    JSON keys:
    - OBJECT {as of bench eyes}

    Attributes:
        seconds: how long each object is watched.
        folder: where the objects are written; default: a temporary one.
    """

    seconds: float = 20.0
    folder: Annotated[Path | None, optional("FOLDER")] = None
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchEyesOptions:
    """Hold the estimated pose against the truth while a policy turns the cube, without ROS.

    Then with more noise, occlusion, blackouts, jumps and bad calibration.

    JSON keys:
    - DISTURBANCE {minutes, images}
    - position_mm_p50, position_mm_p95, position_mm_p99, rotation_deg_p50, rotation_deg_p95, rotation_deg_p99
    - lost_percent, recovery_max_s
    - wrong_percent (more than 15 degrees off and reported good), wrong_events, wrong_longest_s
    - render_cpu_ms, pose_cpu_ms (CPU of one image: drawing it, and from image to pose)

    Attributes:
        minutes: how long the cube is watched in all; the disturbances get an eighth of it each.
        policy: the policy bundle that turns the cube.
    """

    minutes: float = 10.0
    policy: str = "models/policies/leap_yaw"
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchLearningOptions:
    """Let our PPO and stable-baselines3's learn on the same environment, in turns.

    Small turns about the vertical. Needs pip install stable-baselines3.

    JSON keys:
    - rows: a list of {steps, ours, ours_s, other, other_s}

    Attributes:
        steps: of each of the two.
    """

    steps: int = 3_000_000
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchImitationOptions:
    """Clone a scripted expert on gymnasium's Pendulum-v1, whose return others report.

    Behaviour cloning and DAgger with 20 episodes; beside the library `imitation` where it is installed.

    JSON keys:
    - seed N {method: mean return}
    """

    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class BenchDamageOptions:
    """Give damaged copies of files to the commands: is every one refused or said to be damaged?

    Status 1 when a command ended in a traceback, hung, or was wrong without saying so where a checksum covers what was
    damaged. The JSON file is written while the trial runs, so that an interrupted one can go on.

    JSON keys:
    - rows: a list of {file, damage, command, outcome, checksum, seed, said}; outcome is one of refused, right,
      partial_said, legal_change, traceback, hang, silently_wrong

    Attributes:
        repeats: damaged copies of each kind of file.
        files: the kinds of files; default: all.
        resume: go on from the rows that the JSON file holds.
    """

    repeats: int = 20
    files: Annotated[tuple[str, ...], optional("KIND ...")] = ()
    json: JsonFile = None
    resume: bool = False
