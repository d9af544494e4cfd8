"""What must hold before torque is switched on."""

from collections.abc import Mapping
from dataclasses import dataclass

from dexterity_ros.contracts.errors import Fault
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.samples import JointSample
from dexterity_ros.contracts.sources import JOINTS, ObservationInputs
from dexterity_ros.safety.gate import OVERTRAVEL_RAD
from dexterity_ros.safety.supervisor import stale_topics


@dataclass(frozen=True, kw_only=True)
class PreflightInputs:
    """What is known when arming is asked for; None: unknown. hand_state: lifecycle label of hand_node.

    hand_says: what hand_node itself says it does, None: nothing yet. refused: what was wrong with messages just now.
    watched: largest age in s of each topic that the supervisor watches. samples: of the sources among them.
    """

    ages_s: Mapping[str, float | None]
    watched: Mapping[str, float]
    samples: ObservationInputs
    hand_state: str | None
    hand_says: str | None = None
    refused: tuple[Fault, ...] = ()


def failures(hand: HandSpec, seen: PreflightInputs) -> tuple[str, ...]:
    """Returns every reason not to arm, each with its value; empty when all is well."""
    problems = [fault.detail for fault in stale_topics(seen.ages_s, seen.watched)]
    if seen.hand_state not in ("inactive", "active"):
        problems.append(f"hand_node is {seen.hand_state or 'not there'}, expected inactive (configured)")
    if seen.hand_says is not None and not seen.hand_says.startswith("limp"):
        problems.append(f"the hand says {seen.hand_says}; disarm first")
    problems += [str(fault) for fault in seen.refused]
    joints = seen.samples.get(JOINTS)
    if joints is not None:
        problems += joints_outside(hand, joints)
    wrong = [source.problem(seen.samples[source]) for source in seen.samples.sources]
    return (*problems, *(problem for problem in wrong if problem is not None))


def joints_outside(hand: HandSpec, joints: JointSample) -> list[str]:
    """Returns the joints that are measured outside their limits, each with its value."""
    problems = []
    for spec, position in zip(hand.joints, joints.pos_rad, strict=True):
        if not spec.lower_rad - OVERTRAVEL_RAD <= position <= spec.upper_rad + OVERTRAVEL_RAD:
            problems.append(
                f"joint {spec.name} is at {position:.3f} rad, outside [{spec.lower_rad}, {spec.upper_rad}]: "
                "check its zero offset and sign (robot.yaml)"
            )
    return problems
