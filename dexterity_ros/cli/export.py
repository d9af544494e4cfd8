"""dexterity export"""

from dexterity_ros.cli.options.export import ExportOptions
from dexterity_ros.cli.output import say, write_json
from dexterity_ros.contracts import config
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.training.export import export_run


def export(options: ExportOptions) -> int:
    """Writes a policy bundle from a training run."""
    bundle, named = options.bundle, options.recovery
    recovery = None if named is None else config.load_named(RecoverySpec, "config/recovery", named)
    manifest = export_run(
        options.run,
        bundle,
        current_limit_a=options.current_limit_a,
        latency_s=options.latency_s,
        recovery=recovery,
    )
    say(f"{bundle}: {manifest.provenance.steps:,} steps; next: dexterity evaluate {bundle}")
    summary = {"name": manifest.name, "steps": manifest.provenance.steps, "network_sha256": manifest.network_sha256}
    write_json(options.json, {"bundle": str(bundle)} | summary)
    return 0
