"""The options of `dexterity replay` and `dexterity compare`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import JsonFile, SomeHand, optional


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """Run a recording through the same stages again and say what comes out differently.

    Faster than real time. Every stage is repeated from what was recorded before it: eyes (where images were recorded),
    inputs, observation, action, target, published target, gate. Status 1 when something differs, or when the bag is
    damaged, of which the rest is repeated. With --policy of another bundle: what that would have done with the same
    inputs. `dexterity up replay --arg bag:=BAG` plays a bag to live nodes instead.

    JSON keys:
    - identical, damage, recorded_s, replay_s, times_real_time, perception_s
    - stages: a list of {stage, compared, differing, largest, first_s, unrepeatable, why}
    - terms and joints {name: {differing, largest, first_s}}

    With --policy: damage, ticks, refused, agreement, joints {name: {rms_rad, largest_rad, first_s}}.

    Attributes:
        bag: bag folder or .mcap file.
        policy: another bundle; default: the one that ran, which must be here unchanged.
    """

    bag: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="BAG")]
    policy: Annotated[str, optional("BUNDLE")] = ""
    hand: SomeHand = ""
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """Name the first thing that went wrong in a recording. Status 1 when there is one, for CI.

    Says what stopped or held the hand and how its goals failed; looks for a pose in another frame; simulates every
    single mistake in the hand (zero offset, sign, exchanged joints, half gain, late commands) from the recorded states
    and keeps the one that explains the joints' motion best; and checks ages, missing samples and each observation term
    against the range that the policy was trained on.

    A damaged bag is always a finding, the first.

    JSON keys:
    - findings: a list of {kind, says, joints, at_s, look_at}, the first cause first
    - timing {joint_states, object_pose {rate_hz, gaps, longest_gap_ms, missing_share}, joints_age_ms, pose_age_ms}
    - ranges {term: {share, first_s, worst, worst_index, recorded, trained}}
    - diagnosis {clean_cost, windows, prediction_rms_rad, best}
    - skipped: why there is no diagnosis; else empty

    Attributes:
        bag: bag folder or .mcap file.
    """

    bag: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="BAG")]
    hand: SomeHand = ""
    json: JsonFile = None
