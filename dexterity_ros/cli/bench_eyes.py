"""dexterity bench perception, eyes"""

import tempfile
from pathlib import Path

from dexterity_ros.bench.eyes import SWEEP, Disturbance, EyesJudge, simulate_motions
from dexterity_ros.bench.objects import bench_objects
from dexterity_ros.bench.perception import bench_perception, demo_cloud
from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.cli.options.bench import BenchEyesOptions, BenchObjectsOptions, BenchPerceptionOptions
from dexterity_ros.cli.output import console, eyes_table, figures_table, write_json
from dexterity_ros.contracts.camera import load_camera
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.object import SHIPPED_OBJECT
from dexterity_ros.contracts.resources import resource
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

_HANDS = 16  # at the same time
_OBJECT, _CAMERA, _WIDTH = SHIPPED_OBJECT, "demo", 320


def perception(options: BenchPerceptionOptions) -> int:
    """Prints what each stage from depth to pose costs."""
    with console.status("20 s of images"):
        results = bench_perception(load_hand("leap"), _OBJECT, _CAMERA, seconds=20.0)
    console.print(figures_table("bench perception", results))
    write_json(options.json, results)
    return 0


def objects(options: BenchObjectsOptions) -> int:
    """Prints how well each of twelve objects is followed."""
    with tempfile.TemporaryDirectory() as temporary, console.status("") as status:
        folder = options.folder or Path(temporary)
        hand, camera = load_hand("leap"), load_camera(_CAMERA)
        rows = bench_objects(hand, camera, demo_cloud(), folder, options.seconds, status.update)
    console.print(eyes_table(rows))
    write_json(options.json, rows)
    return 0


def eyes(options: BenchEyesOptions) -> int:
    """Prints how far the estimated pose is from the truth, for each disturbance."""
    manifest, network = load_policy(resource(options.policy))
    hand = load_hand(manifest.hand)
    pipeline = PolicyPipeline(manifest, network, hand)
    seconds = 60.0 * options.minutes / _HANDS
    with console.status("the policy turns the cube"):
        motions = simulate_motions(pipeline, manifest.task, seconds=seconds, hands=_HANDS, seed=0)
    judge = EyesJudge(hand, _OBJECT, load_camera(_CAMERA).scaled(_WIDTH), demo_cloud())
    rows = {}
    with console.status("") as status:
        for name, disturbance in {"all": Disturbance(), **SWEEP}.items():
            status.update(name)
            some = motions if name == "all" else motions[: _HANDS // 8]
            rows[name] = judge.judge(some, disturbance, seed=0)
    console.print(eyes_table(rows))
    write_json(options.json, rows)
    return 0
