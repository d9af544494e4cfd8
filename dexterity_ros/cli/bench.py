"""dexterity bench"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from dexterity_ros.cli.bench_damage import bench_damage
from dexterity_ros.cli.bench_nodes import bench_kills, bench_paths
from dexterity_ros.cli.bench_training import bench_imitation, bench_learning


def bench(
    what: Annotated[
        Literal[
            "sim", "policy", "kills", "bus", "faults", "paths", "perception", "eyes", "learning", "imitation", "damage"
        ],
        tyro.conf.Positional,
    ],
    /,
    repeats: int = 20,
    realtime: bool = False,
    cycles: int = 10_000,
    baud: int = 4_000_000,
    usb_latency_ms: float = 1.0,
    steps: int = 3_000_000,
    minutes: float = 10.0,
    policy: str = "models/policies/leap_yaw",
    files: tuple[str, ...] = (),
    json: Path | None = None,
) -> int:
    """Measure what this machine does, beside the bare alternative in the same run.

    sim: the environment with observations, rewards and resets beside bare mujoco.rollout of the same model and
    controls, on 1 and 2 threads. policy: one tick of the pipeline, and its network alone. kills: kill -9 of
    policy_node, goal_node, safety_node and hand_node while a simulated hand moves; how long the gate's output
    still changes, and for hand_node, after which silence the motors' own watchdog stops them.
    bus: one read and write of all motors on an emulated bus by a canned loop, our native backend, the vendor's SDK
    worked around, and the SDK as it is, interleaved. faults: every kind of fault on an emulated bus while the hand
    moves, and a random mixture of them, in virtual time. paths: the same joint motions through `--hardware direct` and
    through the motor bus; how far the joints differ and how much later they come. perception: depth to pose at the
    camera's rate on rendered 640x480 images, stage by stage, beside the straightforward ways with numpy and OpenCV.
    eyes: how well the pose is known while the shipped policy turns the cube, against the truth, without ROS; then with
    more noise, occlusion, blackouts, jumps and bad calibration. learning: our PPO and stable-baselines3's on the same
    environment (small turns about the vertical), in turns; needs pip install stable-baselines3. imitation: behaviour
    cloning and DAgger with 20 episodes of a scripted expert on gymnasium's Pendulum-v1, whose return others report.
    damage: what commands make of damaged copies of files; status 1 when one ended in a traceback, hung, or was wrong
    without saying so where a checksum covers what was damaged.

    JSON keys: {name: {p50_ms, p99_ms, per_s, cpu_ms}}; for sim, one call steps all environments and per_s counts
    control steps. For kills: {node: {max_ms, all_ms}, violations, messages}. For faults: rows, a list of {kind, seed,
    detected_ms, reaction, recovered_ms, unsafe_targets, stale_as_fresh, hang}, and mixture, counts of the same. For
    learning: {rows: [{steps, ours, ours_s, other, other_s}]}. For damage: {rows: [{file, damage, command, outcome
    (refused, right, partial_said, legal_change, traceback, hang, silently_wrong), checksum, seed, said}]}. For
    imitation: {seed: {method: mean return}}. For paths: {direct, dynamixel: as `demo --policy none`, difference
    {rms_rad, worst_joint, worst_rad, added_delay_ms}}. For eyes: {disturbance: {minutes, images, position_mm_p50,
    position_mm_p95, position_mm_p99, rotation_deg_p50, rotation_deg_p95, rotation_deg_p99, lost_percent,
    recovery_max_s, wrong_percent (more than 15 degrees off and reported good), wrong_events, wrong_longest_s}}.

    Args:
        what: which benchmark.
        repeats: kills of each node; for bus, rounds of one second (5 are plenty); for faults, seeds of each kind; for
            damage, damaged copies of each kind of file.
        realtime: for faults, the kinds in real time through a pseudo-terminal instead of virtual time.
        cycles: for faults, cycles of the random mixture.
        baud: for bus, the baud rate of the motors.
        usb_latency_ms: for bus, the latency timer of the USB adapter.
        steps: for learning, of each of the two.
        minutes: for eyes, how long the cube is watched in all; the disturbances get an eighth of it each.
        policy: for eyes, the policy bundle that turns the cube.
        files: for damage, the kinds of files; default: all.
        json: write the figures to this file.
    """
    from dexterity_ros.cli.output import console, figures_table, write_json

    if what == "kills":
        return bench_kills(repeats, json)
    if what == "faults":
        return _bench_faults(repeats, realtime, cycles, json)
    if what == "paths":
        return bench_paths(json)
    if what == "damage":
        return bench_damage(repeats, files, json)
    if what == "learning":
        return bench_learning(steps, json)
    if what == "imitation":
        return bench_imitation(json)
    if what == "eyes":
        return _bench_eyes(policy, minutes, json)
    results = _bench_bus(repeats, baud, usb_latency_ms) if what == "bus" else _bench_others(what)
    console.print(figures_table(f"bench {what}", results))
    if what == "sim":
        for threads in (1, 2):
            ratio = results[f"env_{threads}_threads"]["per_s"] / results[f"rollout_{threads}_threads"]["per_s"]
            console.print(f"environment / bare rollout on {threads} threads: {ratio:.2f}")
    write_json(json, results)
    return 0


def _bench_faults(seeds: int, realtime: bool, cycles: int, json: Path | None) -> int:
    from dexterity_ros.bench.faults import rows_as_dicts, run_fault, run_mixture
    from dexterity_ros.cli.output import console, fault_table, write_json
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.drivers.emulated.faults import KINDS

    hand = load_hand("leap")
    rows = []
    with console.status("") as status:
        for kind in KINDS:
            status.update(f"{kind}, {seeds} seeds, {'real' if realtime else 'virtual'} time")
            rows += rows_as_dicts([run_fault(hand, kind, seed, realtime=realtime) for seed in range(seeds)])
        status.update(f"mixture of {cycles} cycles, virtual time")
        mixture = run_mixture(hand, cycles, seed=0)
    console.print(fault_table(rows))
    console.print(f"mixture: {mixture}")
    write_json(json, {"rows": rows, "mixture": mixture})
    bad = [row for row in [*rows, mixture] if row["unsafe_targets"] or row["stale_as_fresh"] or row["hang"]]
    return int(bool(bad))


def _bench_eyes(bundle: str, minutes: float, json: Path | None) -> int:
    from dexterity_ros.bench.eyes import SWEEP, Disturbance, EyesJudge, simulate_motions
    from dexterity_ros.bench.perception import demo_cloud
    from dexterity_ros.bundles.onnx_network import load_policy
    from dexterity_ros.cli.output import console, eyes_table, write_json
    from dexterity_ros.contracts.camera import load_camera
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.resources import resource
    from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

    manifest, network = load_policy(resource(bundle))
    hand, camera = load_hand(manifest.hand), load_camera("demo").scaled(320)
    hands = 16
    with console.status("the policy turns the cube"):
        motions = simulate_motions(
            PolicyPipeline(manifest, network, hand), manifest.task, seconds=60.0 * minutes / hands, hands=hands, seed=0
        )
    judge = EyesJudge(hand, "cube70", camera, demo_cloud())
    rows = {}
    with console.status("") as status:
        for name, disturbance in {"all": Disturbance(), **SWEEP}.items():
            status.update(name)
            some = motions if name == "all" else motions[: hands // 8]
            rows[name] = judge.judge(some, disturbance, seed=0)
    console.print(eyes_table(rows))
    write_json(json, rows)
    return 0


def _bench_others(what: str) -> dict[str, dict[str, float]]:
    if what == "perception":
        from dexterity_ros.bench.perception import bench_perception
        from dexterity_ros.contracts.hand import load_hand

        return bench_perception(load_hand("leap"), "cube70", "demo", seconds=20.0)
    return _bench_sim() if what == "sim" else _bench_policy()


def _bench_bus(rounds: int, baud: int, usb_latency_ms: float) -> dict[str, dict[str, float]]:
    from dexterity_ros.contracts.errors import ConfigError
    from dexterity_ros.contracts.hand import load_hand

    try:
        from dexterity_ros.bench.bus import bench_bus
    except ImportError as error:
        raise ConfigError(f"bench bus compares with the vendor's SDK: pip install dynamixel-sdk ({error})") from error

    return bench_bus(load_hand("leap"), baud=baud, usb_latency_ms=usb_latency_ms, rounds=rounds)


def measure(call: Callable[[], Any], *, repeats: int) -> dict[str, float]:
    """Returns p50 and p99 wall time, calls per second, and mean CPU time of `call`."""
    walls: list[float] = []
    cpu = {"call": 0.0}
    for _ in range(repeats):
        _timed(walls, cpu, "call", call)
    return _row(walls, cpu["call"], 1)


def _bench_sim() -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {}
    for threads in (1, 2):
        results |= _bench_env(threads)
    return results


def _bench_env(threads: int) -> dict[str, dict[str, float]]:
    """Steps the environment and the bare physics in turn on the same states and controls, so that noise hits both."""
    from dexterity_ros.sim.physics import BatchPhysics

    env = _training_env(threads)
    bare = BatchPhysics(env.scene, env.models, threads=threads)
    rng = np.random.default_rng(0)
    walls: dict[str, list[float]] = {"env": [], "rollout": []}
    cpu = {"env": 0.0, "rollout": 0.0}
    for _ in range(60):
        actions = rng.normal(scale=0.6, size=(env.num_envs, len(env.hand.joints))).astype(np.float32)
        state = env.state.copy()
        _timed(walls["env"], cpu, "env", partial(env.step, actions))
        control = np.repeat(env.memory.target_pos_rad[:, None], env.config.physics.substeps, axis=1)
        _timed(walls["rollout"], cpu, "rollout", partial(bare.advance, state, control))
    env.close()
    bare.close()
    return {f"{name}_{threads}_threads": _row(values, cpu[name], env.num_envs) for name, values in walls.items()}


def _training_env(threads: int) -> Any:
    """Returns the environment of config/train/leap_yaw.yaml; read piecewise, so that torch is not needed."""
    from dataclasses import replace

    from dexterity_ros.contracts import config
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.resources import named_resource
    from dexterity_ros.contracts.spec import ActionSpec
    from dexterity_ros.observation.builder import TERM_NAMES, observation_spec
    from dexterity_ros.sim.env import EnvConfig, ReorientEnv
    from dexterity_ros.tasks.reorient import TaskSpec

    settings = config.read_mapping(named_resource("config/train", "leap_yaw"))
    env_config = config.from_mapping(EnvConfig, settings["env"], where="leap_yaw.env")
    hand = load_hand(settings["hand"])
    return ReorientEnv(
        hand=hand,
        task=config.load(TaskSpec, named_resource("config/tasks", settings["task"])),
        observation=observation_spec(TERM_NAMES, len(hand.joints), settings["policy"]["max_age_s"]),
        action=config.from_mapping(ActionSpec, settings["policy"]["action"], where="leap_yaw.policy.action"),
        config=replace(env_config, threads=threads),
        seed=0,
    )


def _row(walls: list[float], cpu_s: float, items: int) -> dict[str, float]:
    p50, p99 = np.quantile(walls, [0.5, 0.99])
    return {
        "p50_ms": round(float(p50) * 1e3, 4),
        "p99_ms": round(float(p99) * 1e3, 4),
        "per_s": round(items * len(walls) / sum(walls), 1),
        "cpu_ms": round(cpu_s / len(walls) * 1e3, 4),
    }


def _timed(walls: list[float], cpu: dict[str, float], name: str, call: Callable[[], Any]) -> None:
    began, cpu_began = time.perf_counter(), time.process_time()
    call()
    walls.append(time.perf_counter() - began)
    cpu[name] += time.process_time() - cpu_began


def _bench_policy() -> dict[str, dict[str, float]]:
    from dexterity_ros.bundles.onnx_network import load_policy
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.contracts.resources import shipped
    from dexterity_ros.contracts.samples import GoalSample, JointSample, ObservationInputs, PoseSample
    from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

    hand = load_hand("leap")
    manifest, network = load_policy(shipped("models/policies/leap_yaw"))
    pipeline = PolicyPipeline(manifest, network, hand)
    still = np.array([1.0, 0.0, 0.0, 0.0])
    inputs = ObservationInputs(
        joints=JointSample(stamp_ns=0, pos_rad=manifest.start_pos, vel_rad_s=np.zeros(len(hand.joints))),
        object_pose=PoseSample(stamp_ns=0, pos_m=np.array(hand.grasp_centre_m), quat_wxyz=still),
        goal=GoalSample(stamp_ns=0, quat_wxyz=still),
    )
    observation = np.zeros((1, manifest.observation.width), dtype=np.float32)
    return {
        "tick": measure(lambda: pipeline.step(inputs, 0), repeats=2000),
        "network": measure(lambda: network(observation, None), repeats=2000),
    }
