"""PolicyManifest: a policy describes itself; what it says is what it was trained with."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.spec import ActionSpec, ObservationSpec

MANIFEST_FILE = "manifest.yaml"
NETWORK_FILE = "policy.onnx"
GOLDEN_FILE = "golden_io.npz"
METADATA_KEY = "dexterity_ros.contract"


@dataclass(frozen=True, kw_only=True)
class TermRange:
    """Range of each number of an observation term during training: 0.1 and 99.9 percentiles."""

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a policy came from."""

    code_version: str
    config_digest: str
    seed: int
    steps: int


@dataclass(frozen=True, kw_only=True)
class PolicyManifest:
    """Contract of a policy bundle (manifest.yaml).

    kind: step = acts on what it sees; recurrent = also on a state of state_width numbers that it hands itself from tick
    to tick, zero after every reset.
    stop_head: behind the action the network says how sure it is that the goal is reached, 0 to 1.
    latency_s: range of the time from a measurement to the write of the target it led to, as trained.
    stiffness_nm_rad, damping_nm_s_rad: joint gains of the simulator it was trained in, policy order.
    start_pos_rad: pose to ease into before the policy starts, policy order.
    network_sha256, golden_sha256: of policy.onnx and golden_io.npz.
    results: measured figures, as `dexterity evaluate` wrote them.
    """

    format: Literal[1]
    kind: Literal["step", "recurrent"]
    name: str
    task: str
    object: str
    hand: str
    hand_digest: str
    joint_names: tuple[str, ...]
    control_rate_hz: float
    observation: ObservationSpec
    action: ActionSpec
    latency_s: tuple[float, float]
    current_limit_a: float
    stiffness_nm_rad: tuple[float, ...]
    damping_nm_s_rad: tuple[float, ...]
    start_pos_rad: tuple[float, ...]
    training_range: dict[str, TermRange]
    network_sha256: str
    golden_sha256: str
    provenance: Provenance
    results: dict[str, Any] = field(default_factory=dict)
    state_width: int = 0
    stop_head: bool = False

    def __post_init__(self) -> None:
        if (self.kind == "recurrent") != (self.state_width > 0):
            raise BundleError(f"policy {self.name} is of kind {self.kind} and has a state of {self.state_width}")

    @property
    def period_ns(self) -> int:
        """Control period in nanoseconds."""
        return round(1e9 / self.control_rate_hz)

    @cached_property
    def start_pos(self) -> NDArray[np.float64]:
        """start_pos_rad as an array, (n,)."""
        return np.array(self.start_pos_rad)

    def check_hand(self, hand: HandSpec) -> None:
        """Raises BundleError when this policy was not trained for `hand`."""
        if self.joint_names != hand.joint_names:
            raise BundleError(
                f"policy {self.name} commands the joints {list(self.joint_names)}, "
                f"the hand {hand.name} has {list(hand.joint_names)} (order counts)"
            )
        if self.hand_digest != hand.digest:
            raise BundleError(
                f"policy {self.name} was trained for the hand {self.hand} with digest {self.hand_digest[:12]}, "
                f"the hand {hand.name} has {hand.digest[:12]}: names, limits or MJCF differ"
            )
        if self.current_limit_a > hand.max_current_a:
            raise BundleError(
                f"policy {self.name} needs {self.current_limit_a} A, the hand {hand.name} allows {hand.max_current_a} A"
            )


def load_manifest(bundle: Path) -> PolicyManifest:
    """Returns the manifest of a bundle directory after checking its files' digests.

    Raises:
        BundleError: not a bundle, or a file differs from what the manifest says.
        ConfigError: the manifest is malformed.
    """
    for name in (MANIFEST_FILE, NETWORK_FILE, GOLDEN_FILE):
        if not (bundle / name).is_file():
            present = sorted(p.name for p in bundle.glob("*")) if bundle.is_dir() else "no such directory"
            raise BundleError(f"{bundle} is not a policy bundle: {name} is missing (there: {present})")
    manifest = config.load(PolicyManifest, bundle / MANIFEST_FILE)
    for name, expected in ((NETWORK_FILE, manifest.network_sha256), (GOLDEN_FILE, manifest.golden_sha256)):
        found = sha256(bundle / name)
        if found != expected:
            raise BundleError(
                f"{bundle / name} has SHA-256 {found[:12]}, the manifest says {expected[:12]}: it was changed"
            )
    return manifest


def save_manifest(manifest: PolicyManifest, bundle: Path) -> None:
    """Writes manifest.yaml into a bundle directory."""
    (bundle / MANIFEST_FILE).write_text(
        yaml.safe_dump(config.to_mapping(manifest), sort_keys=False, default_flow_style=None, width=110)
    )


def bundle_id(bundle: Path) -> str:
    """Returns twelve hexadecimal digits that identify the network and what it was trained with (not its results)."""
    manifest = config.read_mapping(bundle / MANIFEST_FILE)
    manifest.pop("results", None)
    for name in ("state_width", "stop_head"):  # bundles without these need not say so
        if not manifest.get(name):
            manifest.pop(name, None)
    return hashlib.sha256(yaml.safe_dump(manifest, sort_keys=True).encode()).hexdigest()[:12]


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
