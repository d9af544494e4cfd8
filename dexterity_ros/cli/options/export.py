"""The options of `dexterity export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Write a policy bundle from a training run: policy.onnx, manifest.yaml, golden_io.npz.

    JSON keys:
    - bundle, name, steps, network_sha256

    Attributes:
        run: directory of a training run; with --primitive, a recording.
        bundle: directory to write; its name becomes the policy's name.
        current_limit_a: motor current that stands for the torque limit of the simulated joints; the robot uses this.
        latency_s: from measurement to write, what the policy is known to bear; default: what it was trained with. Find
            out with `dexterity evaluate BUNDLE --sweep latency`; `demo` and `compare` hold a run against it.
        recovery: name in config/recovery or path of a YAML file: what the policy is to do where it makes no progress.
            Judge it first: `dexterity evaluate BUNDLE --recovery-spec SPEC`.
        primitive: fit a movement primitive to the episodes of a recording, such as a bag of `hand teach`.
        like: bundle whose hand, rate, task, object and gains the primitive has.
    """

    run: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    bundle: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="BUNDLE")]
    current_limit_a: float = 0.35
    primitive: bool = False
    like: Annotated[str, optional("BUNDLE")] = ""
    latency_s: Annotated[tuple[float, float] | None, optional("LOW HIGH")] = None
    recovery: Annotated[str | None, optional("SPEC")] = None
    json: JsonFile = None
