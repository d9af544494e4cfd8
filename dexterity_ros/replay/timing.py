"""How regularly samples came and how old they were when the policy used them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.sources import JOINTS, OBJECT_POSE, SOURCES, Source
from dexterity_ros.replay.run_record import RunRecord

_MISSING = 1.5  # a gap of this many periods misses a sample


def stream_timing(stamps_ns: NDArray[np.int64], rate_hz: float) -> dict[str, Any]:
    """Returns {rate_hz, gaps, longest_gap_ms, missing_share} of a stream, (n,), with a nominal rate; zeros of one."""
    if len(stamps_ns) < 2:
        return {"rate_hz": 0.0, "gaps": 0, "longest_gap_ms": 0.0, "missing_share": 0.0}
    gaps_s = np.diff(np.sort(stamps_ns)).astype(np.float64) * 1e-9
    missed = gaps_s > _MISSING / rate_hz
    lost = float(np.maximum(np.rint(gaps_s[missed] * rate_hz) - 1.0, 0.0).sum())
    return {
        "rate_hz": round(float(1.0 / np.median(gaps_s)), 1),
        "gaps": int(missed.sum()),
        "longest_gap_ms": round(float(gaps_s.max()) * 1e3, 1),
        "missing_share": round(lost / (len(stamps_ns) + lost), 4),
    }


def run_timing(run: RunRecord) -> dict[str, dict[str, Any]]:
    """Returns the timing of every measured source, and its age at every tick in ms {p50, p99, max}."""
    measured = [source for source in SOURCES.values() if source.measured]
    rows: dict[str, dict[str, Any]] = {
        source.name: stream_timing(run.samples(source).stamps_ns, wanted_hz(run, source))
        for source in measured
        if source is JOINTS or run.has(source)
    }
    if run.has_ticks:
        rows |= {f"{name}_age_ms": _quantiles(ages) for name, ages in ages_ms(run).items()}
    return rows


def ages_ms(run: RunRecord) -> dict[str, NDArray[np.float64]]:
    """Returns {short name of a measured source: its age at every tick that used it, ms}."""
    used = {source: None for tick in run.ticks for source in tick.inputs.sources if source.measured}
    return {
        source.short: np.array(
            [1e-6 * (t.now_ns - int(t.inputs[source].stamp_ns)) for t in run.ticks if source in t.inputs]
        )
        for source in used
    }


def wanted_hz(run: RunRecord, source: Source[Any]) -> float:
    """Returns how often samples of a source were to come."""
    return _pose_rate_hz(run) if source is OBJECT_POSE else source.topic.rate_hz


def _pose_rate_hz(run: RunRecord) -> float:
    """Returns how often a pose was to come: with the camera's rate where one was started."""
    for camera in ("sim_camera_node", "camera_node"):
        if "rate_hz" in run.parameters(camera):
            return float(run.parameters(camera)["rate_hz"])
    return OBJECT_POSE.topic.rate_hz


def _quantiles(ages: NDArray[np.float64]) -> dict[str, float]:
    p50, p99, largest = np.quantile(ages, [0.5, 0.99, 1.0])
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "max": round(float(largest), 1)}
