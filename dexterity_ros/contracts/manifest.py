"""PolicyManifest: a policy describes itself; what it says is what it was trained with."""

import hashlib
import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from dexterity_ros.contracts import config
from dexterity_ros.contracts.chunk import CHUNK, ChunkSpec
from dexterity_ros.contracts.convention import Convention
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.files import read_bounded
from dexterity_ros.contracts.hand import ANGLE, MOST_JOINTS, HandSpec
from dexterity_ros.contracts.outputs import ACTION, OUTPUTS, REACHED, output_widths
from dexterity_ros.contracts.ranges import (
    NAME,
    PART_NAME,
    PATH,
    SEED,
    SHA256,
    UNSAID_AT_DEFAULT,
    Checked,
    Length,
    Range,
    shown,
)
from dexterity_ros.contracts.recovery import RecoverySpec
from dexterity_ros.contracts.spec import MOST_TERMS, ActionSpec, ObservationSpec

MANIFEST_FILE = "manifest.yaml"
NETWORK_FILE = "policy.onnx"
GOLDEN_FILE = "golden_io.npz"
METADATA_KEY = "dexterity_ros.contract"
DIGEST_KEY = "dexterity_ros.manifest_sha256"
MOST_NETWORK_BYTES = 500_000_000
LATENCY = Range(0.0, 1.0, "a hand that acts a second late cannot be controlled")
CURRENT_LIMIT = Range(0.01, 10.0, "a hand's motor")
_FACTOR = Range(0.01, 100.0, "a factor; beyond, another hand would be meant")
_UNSAID = (  # where empty
    "state_width", "stop_head", "outputs", "recovery", "chunk", "convention", "imported", "unverified",
    "stiffness_factor", "damping_factor", "robot",
)  # fmt: skip
_SEEN = Range(-1e6, 1e6, "observations are in rad, m, s and their like")


@dataclass(frozen=True, kw_only=True)
class TermRange(Checked):
    """Range of each number of an observation term during training: 0.1 and 99.9 percentiles."""

    low: Annotated[tuple[float, ...], _SEEN]
    high: Annotated[tuple[float, ...], _SEEN]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.low) != len(self.high):
            raise ConfigError(f"low has {len(self.low)} numbers, high {len(self.high)}")
        for i, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            if low > high:
                raise ConfigError(f"low[{i}] is {low}, above high[{i}] {high}")


@dataclass(frozen=True, kw_only=True)
class Provenance(Checked):
    """Where a policy came from."""

    code_version: Annotated[str, PART_NAME]
    config_digest: Annotated[str, SHA256]
    seed: Annotated[int, SEED]
    steps: Annotated[int, Range(0, 10**15, "the longest trainings known have 10^13")]


@dataclass(frozen=True, kw_only=True)
class Imported(Checked):
    """Where a bundle that was made elsewhere came from. dialect: how its file spoke. sha256: of that file."""

    dialect: Annotated[str, NAME]
    file: Annotated[str, PATH]
    sha256: Annotated[str, SHA256]


@dataclass(frozen=True, kw_only=True)
class TrainedRobot(Checked):
    """The robot.yaml of the one hand that a policy was trained for: its name, and the SHA-256 of what it said."""

    name: Annotated[str, NAME]
    digest: Annotated[str, SHA256]


@dataclass(frozen=True, kw_only=True)
class PolicyManifest(Checked):
    """Contract of a policy bundle (manifest.yaml).

    kind: step = acts on what it sees; recurrent = also on a state of state_width numbers that it hands itself from tick
    to tick, zero after every reset; chunk = says many actions at once, which are done as `chunk` says.
    outputs: what the network says besides, of contracts/outputs.py, each a port of its own.
    stop_head: in format 1, the last column of the action is the output `reached` (bundles/format_1.py).
    latency_s: range of the time from a measurement to the write of the target it led to, as trained.
    stiffness_nm_rad, damping_nm_s_rad: joint gains of the simulator it was trained in, policy order.
    stiffness_factor, damping_factor: between which factors of these its hands differed; none = not said.
    robot: the one hand that it was trained for; none = any of its kind.
    start_pos_rad: pose to ease into before the policy starts, policy order.
    network_sha256, golden_sha256: of policy.onnx and golden_io.npz.
    recovery: what happens when it gets no nearer to its goal; none = nothing.
    convention: how its simulator counts joints and where its frame is; none = as here.
    imported: where it was made; none = here. unverified: what of all this nobody has confirmed; such a policy acts only
    where an operator allows it.
    results: measured figures, as `dexterity evaluate` wrote them.
    """

    format: Literal[1, 2]
    kind: Literal["step", "recurrent", "chunk"]
    name: Annotated[str, NAME]
    task: Annotated[str, PATH]
    object: Annotated[str, PATH]
    hand: Annotated[str, NAME]
    hand_digest: Annotated[str, SHA256]
    joint_names: Annotated[tuple[str, ...], PART_NAME, Length(1, MOST_JOINTS, "a hand")]
    control_rate_hz: Annotated[float, Range(1.0, 1000.0, "slower is no control, faster no bus allows")]
    observation: ObservationSpec
    action: ActionSpec
    latency_s: Annotated[tuple[float, float], LATENCY]
    current_limit_a: Annotated[float, CURRENT_LIMIT]
    stiffness_nm_rad: Annotated[tuple[float, ...], Range(1e-3, 1000.0, "a spring; 3 N.m/rad in the shipped hands")]
    damping_nm_s_rad: Annotated[tuple[float, ...], Range(0.0, 100.0, "a damper; 0.2 N.m.s/rad in the shipped hands")]
    start_pos_rad: Annotated[tuple[float, ...], ANGLE]
    training_range: Annotated[dict[str, TermRange], Length(1, MOST_TERMS, "one for each term")]
    network_sha256: Annotated[str, SHA256]
    golden_sha256: Annotated[str, SHA256]
    provenance: Provenance
    results: dict[str, Any] = field(default_factory=dict)
    state_width: Annotated[int, Range(0, 100_000, "0 = no memory")] = 0
    stop_head: bool = False
    outputs: Annotated[tuple[str, ...], PART_NAME, Length(0, 16, "each is a port")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    recovery: RecoverySpec | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    chunk: ChunkSpec | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    convention: Convention | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    imported: Imported | None = field(default=None, metadata=UNSAID_AT_DEFAULT)
    unverified: Annotated[tuple[str, ...], PART_NAME, Length(0, 100, "as many as there are fields")] = field(
        default=(), metadata=UNSAID_AT_DEFAULT
    )
    stiffness_factor: Annotated[tuple[float, float] | None, _FACTOR] = field(default=None, metadata=UNSAID_AT_DEFAULT)
    damping_factor: Annotated[tuple[float, float] | None, _FACTOR] = field(default=None, metadata=UNSAID_AT_DEFAULT)
    robot: TrainedRobot | None = field(default=None, metadata=UNSAID_AT_DEFAULT)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_lengths()
        self._check_outputs()
        check_latency(self.latency_s)
        if (self.kind == "recurrent") != (self.state_width > 0):
            raise BundleError(f"policy {self.name} is of kind {self.kind} and has a state of {self.state_width}")
        if self.kind == "chunk" and len(self.output_names) > 1:
            raise BundleError(f"policy {self.name} says chunks and has the outputs {list(self.output_names)} besides")
        if (self.kind == "chunk") != (self.chunk is not None):
            there = "no chunk" if self.chunk is None else "a chunk"
            raise BundleError(f"policy {self.name} is of kind {self.kind} and its manifest has {there}")

    def _check_lengths(self) -> None:
        joints, action = len(self.joint_names), self.action
        own = {name: getattr(self, name) for name in ("stiffness_nm_rad", "damping_nm_s_rad", "start_pos_rad")}
        of_action = {"joint_scale_rad": action.joint_scale_rad, "default_pos_rad": action.default_pos_rad}
        for name, numbers in (own | {key: value for key, value in of_action.items() if value}).items():
            if len(numbers) != joints:
                raise ConfigError(f"{name} has {len(numbers)} numbers, expected {joints}: one per joint")
        if self.convention is not None:
            self.convention.check_joints(self.joint_names)
        widths = {term.name: term.width for term in self.observation.vectors}
        found = {name: len(seen.low) for name, seen in self.training_range.items()}
        if found != widths:
            raise ConfigError(f"training_range has the widths {found}, the vectors of observation have {widths}")

    def _check_outputs(self) -> None:
        further = [name for name in OUTPUTS if name != ACTION.name]
        unknown = [name for name in self.outputs if name not in further]
        if unknown or len(set(self.outputs)) != len(self.outputs):
            raise BundleError(
                f"policy {self.name} has the outputs {list(self.outputs)}; there are {further}, each once"
            )
        if (self.format == 1 and self.outputs) or (self.format == 2 and self.stop_head):
            raise BundleError(
                f"policy {self.name} is of format {self.format}, which has "
                f"{'no outputs but a stop_head' if self.format == 1 else 'no stop_head but outputs'}"
            )

    @property
    def output_names(self) -> tuple[str, ...]:
        """What the network says, in the order of its ports, whatever the format: the action first."""
        return (ACTION.name, *((REACHED.name,) if self.stop_head else self.outputs))

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Inputs of the network but its state, each with the shape of what it takes of one hand."""
        return self.observation.ports | ({} if self.chunk is None else self.chunk.inputs(len(self.joint_names)))

    @property
    def said(self) -> dict[str, tuple[int, ...]]:
        """Outputs of the network but its state, each with its shape, whatever the format."""
        joints = len(self.joint_names)
        shapes: dict[str, tuple[int, ...]] = {n: (w,) for n, w in output_widths(self.output_names, joints).items()}
        if self.chunk is not None:
            return {CHUNK: (self.chunk.horizon, joints)}
        return shapes

    @property
    def period_ns(self) -> int:
        """Control period in nanoseconds."""
        return round(1e9 / self.control_rate_hz)

    @cached_property
    def start_pos(self) -> NDArray[np.float64]:
        """start_pos_rad as an array, (n,)."""
        return np.array(self.start_pos_rad)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all it says but the network's digest and the results; fields at their default do not count."""
        content = {
            item.name: config.to_mapping(getattr(self, item.name))
            for item in fields(self)
            if item.name not in ("network_sha256", "results") and getattr(self, item.name) != item.default
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def check_hand(self, hand: HandSpec) -> None:
        """Raises BundleError when this policy was not trained for `hand`."""
        if self.joint_names != hand.joint_names:
            raise BundleError(
                f"policy {self.name} commands the joints {list(self.joint_names)}, "
                f"the hand {hand.name} has {list(hand.joint_names)} (order counts)"
            )
        if self.hand != hand.name:
            raise BundleError(f"policy {self.name} was trained for the hand {self.hand}, this is {hand.name}")
        if self.hand_digest != hand.digest:
            raise BundleError(
                f"policy {self.name} was trained for the hand {self.hand} with digest {self.hand_digest[:12]}, "
                f"the hand {hand.name} has {hand.digest[:12]}: names, limits or MJCF differ"
            )
        if self.current_limit_a > hand.max_current_a:
            raise BundleError(
                f"policy {self.name} needs {self.current_limit_a} A, the hand {hand.name} allows {hand.max_current_a} A"
            )
        hand.check_pose(f"start_pos_rad of policy {self.name}", self.start_pos_rad)


def check_latency(latency_s: tuple[float, float]) -> None:
    """Raises ConfigError when the shortest latency is above the longest."""
    if latency_s[0] > latency_s[1]:
        raise ConfigError(f"latency_s is {list(latency_s)}, expected the shortest first")


def load_manifest(bundle: Path) -> PolicyManifest:
    """Returns the manifest of a bundle directory after checking its files' digests.

    Raises:
        BundleError: not a bundle, or a file differs from what the manifest says.
        ConfigError: the manifest is malformed.
    """
    for name in (MANIFEST_FILE, NETWORK_FILE, GOLDEN_FILE):
        if not (bundle / name).is_file():
            present = sorted(p.name for p in bundle.glob("*")) if bundle.is_dir() else "no such directory"
            raise BundleError(f"{bundle} is not a policy bundle: {name} is missing (there: {shown(present)})")
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
    for name in _UNSAID:
        if not manifest.get(name):
            manifest.pop(name, None)
    return hashlib.sha256(yaml.safe_dump(manifest, sort_keys=True).encode()).hexdigest()[:12]


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(read_bounded(path, MOST_NETWORK_BYTES)).hexdigest()
