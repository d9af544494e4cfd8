"""dexterity export"""

from dexterity_ros.cli.options.export import ExportOptions
from dexterity_ros.cli.output import say, write_json
from dexterity_ros.training.export import export_run


def export(options: ExportOptions) -> int:
    """Writes a policy bundle from a training run."""
    bundle = options.bundle
    manifest = export_run(options.run, bundle, current_limit_a=options.current_limit_a, latency_s=options.latency_s)
    say(f"{bundle}: {manifest.provenance.steps:,} steps; next: dexterity evaluate {bundle}")
    summary = {"name": manifest.name, "steps": manifest.provenance.steps, "network_sha256": manifest.network_sha256}
    write_json(options.json, {"bundle": str(bundle)} | summary)
    return 0
