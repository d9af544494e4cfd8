"""dexterity import policy"""

import shlex
import sys
from pathlib import Path
from typing import Any

from dexterity_ros.bundles.importers.bundle import write_bundle
from dexterity_ros.bundles.importers.contract import Contract, missing
from dexterity_ros.bundles.importers.foreign import Foreign
from dexterity_ros.cli.check import check_world, consequences
from dexterity_ros.cli.errors import say_error
from dexterity_ros.cli.options.import_policy import ImportPolicyOptions
from dexterity_ros.cli.output import console, say, write_json
from dexterity_ros.cli.policy_questions import PolicyQuestions, counted, hints, missing_lines
from dexterity_ros.contracts.errors import BundleError, ConfigError, DexterityError
from dexterity_ros.contracts.files import naming, shown_path
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.manifest import MANIFEST_FILE, PolicyManifest, load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.safety.limits import Tightening, check_decoder, gate_limits


def import_policy(options: ImportPolicyOptions) -> int:
    """Writes a bundle and says what is unverified, or probes one."""
    hand, file = load_hand(options.hand), resource(options.file)
    if file.is_dir():
        if not options.probe:
            raise ConfigError(f"{shown_path(file)} is a folder; give the policy's file, or --probe for a bundle")
        manifest, bundle = load_manifest(file), file
    else:
        manifest, bundle = _imported(file, hand, options)
    differences = [*consequences(manifest, hand), *_beyond_the_gate(manifest, hand)]
    for line in differences:
        console.print(f"[yellow]differs[/yellow] {line}", highlight=False)
    figures: dict[str, Any] = {
        "bundle": str(bundle),
        "dialect": "" if manifest.imported is None else manifest.imported.dialect,
        "unverified": list(manifest.unverified),
        "differs": differences,
    }
    write_json(options.json, figures | {"probe": _probed(bundle, hand, options) if options.probe else None})
    return 0


def _imported(file: Path, hand: HandFile, options: ImportPolicyOptions) -> tuple[PolicyManifest, Path]:
    bundle = options.out or Path("models/policies") / file.stem
    if (bundle / MANIFEST_FILE).exists():
        raise BundleError(f"{shown_path(bundle)} is a bundle already; name another folder with --out")
    questions = PolicyQuestions(file, hand, options.contract)
    with questions.kept():
        foreign, contract = _answered(questions, file, hand)
        check_world(contract.task or "", contract.object or "")
        with naming(bundle):
            manifest = write_bundle(foreign, contract, hand, file, bundle)
    say(f"wrote {bundle}: {foreign.dialect}, {manifest.observation.width} numbers at {manifest.control_rate_hz:g} Hz")
    say(f"unverified: {', '.join(manifest.unverified)}")
    say(f"next: dexterity check {shlex.quote(str(bundle))} --hand {shlex.quote(options.hand)}")
    return manifest, bundle


def _answered(questions: PolicyQuestions, file: Path, hand: HandFile) -> tuple[Foreign, Contract]:
    """Returns the policy and its complete contract, asking at a terminal. Raises BundleError: what is open."""
    if sys.stdin.isatty():
        return questions.complete()
    foreign, contract = questions.known()
    still = missing(foreign, contract)
    if not still:
        return foreign, contract
    for line in [*missing_lines(still, hand), *hints(foreign, contract)]:
        say_error(line)
    raise BundleError(f"{shown_path(file)} does not say {counted(len(still), 'thing')}: say them with --contract FILE")


def _beyond_the_gate(manifest: PolicyManifest, hand: HandFile) -> list[str]:
    """Returns what the hand's own limits refuse of it, in the words of those who will refuse it."""
    found = []
    for refuse in (lambda: manifest.check_hand(hand), lambda: _check_gate(manifest, hand)):
        try:
            refuse()
        except DexterityError as error:
            found.append(f"{error}: it will be refused")
    return found


def _check_gate(manifest: PolicyManifest, hand: HandFile) -> None:
    check_decoder(manifest, gate_limits(hand, manifest, Tightening()))


def _probed(bundle: Path, hand: HandFile, options: ImportPolicyOptions) -> dict[str, Any]:
    from dexterity_ros.cli.probe_policy import probe_policy

    return probe_policy(bundle, hand, episodes=options.episodes, seed=options.seed)
