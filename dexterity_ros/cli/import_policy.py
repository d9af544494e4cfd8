"""dexterity import policy"""

import sys
from pathlib import Path
from typing import Any

from dexterity_ros.bundles.importers.bundle import write_bundle
from dexterity_ros.bundles.importers.contract import Contract, contract_of, missing, question
from dexterity_ros.bundles.importers.foreign import Foreign
from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.cli.check import check_world, consequences
from dexterity_ros.cli.options.import_policy import ImportPolicyOptions
from dexterity_ros.cli.output import console, say, write_json
from dexterity_ros.contracts import config, yaml_text
from dexterity_ros.contracts.errors import BundleError, ConfigError, DexterityError
from dexterity_ros.contracts.files import naming, shown_path
from dexterity_ros.contracts.hand import HandFile, load_hand
from dexterity_ros.contracts.manifest import MANIFEST_FILE, PolicyManifest, load_manifest
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.safety.limits import Tightening, check_decoder, gate_limits

_TRIES = 3  # at a terminal, of one question


def import_policy(options: ImportPolicyOptions) -> int:
    """Writes a bundle and says what is unverified, or probes one."""
    hand = load_hand(options.hand)
    if options.file.is_dir():
        if not options.probe:
            raise ConfigError(
                f"{shown_path(options.file)} is a folder; give the policy's file, or --probe for a bundle"
            )
        manifest, bundle = load_manifest(options.file), options.file
    else:
        manifest, bundle = _imported(options, hand)
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


def _imported(options: ImportPolicyOptions, hand: HandFile) -> tuple[PolicyManifest, Path]:
    bundle = options.out or Path("models/policies") / options.file.stem
    if (bundle / MANIFEST_FILE).exists():
        raise BundleError(f"{shown_path(bundle)} is a bundle already; name another folder with --out")
    given = {} if options.contract is None else config.read_mapping(options.contract)
    where = "--contract" if options.contract is None else shown_path(options.contract)
    foreign, contract = _answered(options.file, given, where)
    check_world(contract.task or "", contract.object or "")
    with naming(bundle):
        manifest = write_bundle(foreign, contract, hand, options.file, bundle)
    say(f"wrote {bundle}: {foreign.dialect}, {manifest.observation.width} numbers at {manifest.control_rate_hz:g} Hz")
    say(f"unverified: {', '.join(manifest.unverified)}")
    return manifest, bundle


def _answered(file: Path, given: dict[str, Any], where: str) -> tuple[Foreign, Contract]:
    """Returns the policy and its complete contract, asking at a terminal. Raises BundleError: what is open."""
    while True:
        foreign = read_policy(file, given)
        contract = contract_of(foreign, given, where)
        still = missing(foreign, contract)
        if not still:
            return foreign, contract
        if not sys.stdin.isatty():
            asked = "; ".join(f"{name}: {question(name)}" for name in still)
            hints = f" It calls its joints {list(contract.joint_names)}." if contract.joint_names else ""
            terms = [name for names in foreign.terms.values() for name in names]
            hints += f" It calls its terms {terms}." if terms else ""
            raise BundleError(
                f"{shown_path(file)} does not say {len(still)} things, say them with --contract: {asked}.{hints}"
            )
        given = _asked(still[0], given)


def _asked(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Returns the answers with one more, as a person typed it."""
    for _ in range(_TRIES):
        console.print(f"[bold]{name}[/bold]: {question(name)}", highlight=False)
        try:
            text = input("> ")
        except EOFError as error:
            raise BundleError(f"no answer to {name}") from error
        if text.strip():
            return _with(given, name, yaml_text.parse(text, name))
    raise BundleError(f"no answer to {name}; nothing is assumed in its place")


def _with(given: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    first, _, rest = name.partition(".")
    if first == "observation" and rest:
        term = rest.removesuffix(".told")
        rows = [row | ({"told": value} if row.get("name") == term else {}) for row in given[first]]
        return given | {first: rows}
    if not rest:
        return given | {first: value}
    before = given.get(first) or {}
    if not isinstance(before, dict):
        raise ConfigError(f"{first} is {shown(before)}, expected keys and values")
    return given | {first: before | {rest: value}}


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
