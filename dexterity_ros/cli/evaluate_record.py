"""dexterity evaluate --record"""

import time
from pathlib import Path
from typing import Any

import dexterity_ros
from dexterity_ros.cli.output import say
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.manifest import MANIFEST_FILE, bundle_id
from dexterity_ros.evaluation.outcomes import summary
from dexterity_ros.evaluation.simulate import Course, run_trials
from dexterity_ros.evaluation.simulated import Recorded
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline

JUDGE = "reality"


def record_demonstrations(
    pipeline: PolicyPipeline, course: Course, out: Path, *, bundle: Path, judge: str
) -> dict[str, Any]:
    """Returns the policy's figures; writes what it did for the goals that it reached as a LeRobot dataset.

    Raises ConfigError for the judge itself, which nothing may learn from.
    """
    if judge == JUDGE:
        raise ConfigError(f"--record makes something to learn from, which the judge {JUDGE} is not: give --judge demo")
    try:
        from dexterity_ros.recording.card import refuse_existing
        from dexterity_ros.recording.lerobot import write_ticks
    except ImportError as error:
        raise ConfigError(f"--record needs pyarrow: pip install '.[export]' ({error})") from error
    refuse_existing(out)
    controller = Recorded(pipeline)
    trials = run_trials(controller, course)
    rate_hz = pipeline.manifest.control_rate_hz
    ticks = controller.records(trials, period_s=1.0 / rate_hz, begin_ns=time.time_ns())
    if not ticks:
        raise ConfigError(f"{pipeline.manifest.name} reached no goal: there is nothing to record in {out}")
    told = {
        "code_version": dexterity_ros.__version__,
        "hand": pipeline.hand.name,
        "policy": str(bundle),
        "bundle_id": bundle_id(bundle),
        "manifest": (bundle / MANIFEST_FILE).read_text(),
    }
    with naming(out):
        done = write_ticks(
            out, ticks, told, joint_names=pipeline.hand.joint_names, task=pipeline.manifest.task, rate_hz=rate_hz
        )
    say(f"{done.episodes} episodes, {done.frames:,} frames ({done.frames / rate_hz / 60.0:.1f} minutes) in {out}")
    return summary(trials)
