"""dexterity export"""

from pathlib import Path

from rich.markup import escape

from dexterity_ros.action.primitive_fit import fit
from dexterity_ros.bringup.lesson import read_motions
from dexterity_ros.cli.options.export import ExportOptions
from dexterity_ros.cli.output import console, say, write_json
from dexterity_ros.contracts import config
from dexterity_ros.contracts.drafts import drafted
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.manifest import PolicyManifest, load_manifest
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.resources import resource
from dexterity_ros.training.export import export_run
from dexterity_ros.training.primitive_bundle import export_primitive


def export(options: ExportOptions) -> int:
    """Writes a policy bundle from a training run, or of a motion."""
    bundle, make = options.bundle, _primitive if options.primitive else _trained
    with console.status(f"writing {escape(bundle.name)}"), naming(bundle), drafted(bundle, parents=True) as draft:
        manifest = make(options, draft)
    say(f"{bundle}: {manifest.provenance.steps:,} steps; next: dexterity evaluate {bundle}")
    summary = {"name": manifest.name, "steps": manifest.provenance.steps, "network_sha256": manifest.network_sha256}
    write_json(options.json, {"bundle": str(bundle)} | summary)
    return 0


def _trained(options: ExportOptions, bundle: Path) -> PolicyManifest:
    if options.like:
        raise ConfigError(f"--like {options.like} is of a movement primitive: give --primitive")
    recovery = options.recovery and config.load_named(RecoverySpec, "config/recovery", options.recovery)
    limit_a, latency_s = options.current_limit_a, options.latency_s
    return export_run(options.run, bundle, current_limit_a=limit_a, latency_s=latency_s, recovery=recovery or None)


def _primitive(options: ExportOptions, bundle: Path) -> PolicyManifest:
    """Writes a movement primitive of all episodes of a recording."""
    if not options.like:
        raise ConfigError("--primitive needs --like BUNDLE: a policy of the same hand, rate, task and object")
    if options.latency_s is not None or options.recovery is not None:
        raise ConfigError("--latency-s and --recovery are of what was trained, not of a movement primitive")
    like = load_manifest(resource(options.like))
    hand = load_hand(like.hand)
    motions, period_s = read_motions(options.run, hand)
    primitive = fit(motions, period_s)
    limit_a = options.current_limit_a
    return export_primitive(primitive, bundle, like=like, hand=hand, current_limit_a=limit_a)
