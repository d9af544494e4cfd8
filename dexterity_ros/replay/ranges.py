"""Where an observation left the range that the policy was trained on."""

from typing import Any

import numpy as np

from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.observation.familiarity import Ranges
from dexterity_ros.replay.run_record import RunRecord


def out_of_range(run: RunRecord, manifest: PolicyManifest) -> dict[str, dict[str, Any]]:
    """Returns {term: {share, first_s, worst, worst_index, recorded, trained}} for every observation term.

    share: of ticks with any number of the term outside. worst: how far, in widths of the range; worst_index: which
    number of the term; recorded: its value then; trained: its range.
    """
    observations = np.stack([tick.observation for tick in run.ticks])
    times, ranges = np.array([tick.now_ns for tick in run.ticks]), Ranges(manifest)
    beyond = ranges.excess(observations)
    any_outside = ranges.outside(beyond)
    rows = {}
    for k, (name, part) in enumerate(manifest.observation.slices.items()):
        values, excess, outside = observations[:, part], beyond[:, part], any_outside[:, k]
        low, high = ranges.low[part], ranges.high[part]
        tick, index = np.unravel_index(int(np.argmax(excess)), excess.shape)
        rows[name] = {
            "share": round(float(outside.mean()), 4),
            "first_s": round(float(times[np.argmax(outside)] - run.bag.start_ns) * 1e-9, 2) if outside.any() else None,
            "worst": round(max(float(excess.max()), 0.0), 2),
            "worst_index": int(index),
            "recorded": round(float(values[tick, index]), 4),
            "trained": [round(float(low[index]), 4), round(float(high[index]), 4)],
        }
    return rows
