"""dexterity export"""

from pathlib import Path
from typing import Annotated

import tyro


def export(
    run: Annotated[Path, tyro.conf.Positional],
    bundle: Annotated[Path, tyro.conf.Positional],
    /,
    current_limit_a: float = 0.35,
    latency_s: tuple[float, float] | None = None,
    json: Path | None = None,
) -> int:
    """Write a policy bundle from a training run: policy.onnx, manifest.yaml, golden_io.npz.

    JSON keys: bundle, name, steps, network_sha256.

    Args:
        run: directory of a training run.
        bundle: directory to write; its name becomes the policy's name.
        current_limit_a: motor current that stands for the torque limit of the simulated joints; the robot uses this.
        latency_s: from measurement to write, what the policy is known to bear; default: what it was trained with. Find
            out with `dexterity evaluate BUNDLE --sweep latency`; `demo` and `compare` hold a run against it.
        json: write what was exported to this file.
    """
    from dexterity_ros.cli.output import console, write_json
    from dexterity_ros.contracts.errors import ConfigError

    try:
        from dexterity_ros.training.export import export_run
    except ImportError as error:
        raise ConfigError(f"exporting needs the extra: pip install 'dexterity_ros[train]' ({error})") from error

    manifest = export_run(run, bundle, current_limit_a=current_limit_a, latency_s=latency_s)
    console.print(f"{bundle}: {manifest.provenance.steps:,} steps; next: dexterity evaluate {bundle}")
    summary = {"name": manifest.name, "steps": manifest.provenance.steps, "network_sha256": manifest.network_sha256}
    write_json(json, {"bundle": str(bundle)} | summary)
    return 0
