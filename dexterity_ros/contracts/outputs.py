"""The one table of what a policy's network says: each output is a port of its own, by its name."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a network. width: None: one number per joint. topic: key of the topics table where it is published.

    The action has no topic: what becomes of it is published, as joint_targets.
    """

    name: str
    width: int | None
    topic: str | None
    about: str


ACTION = Output(name="action", width=None, topic=None, about="raw action, nominally in [-1, 1]")
REACHED = Output(
    name="reached", width=1, topic="policy_reached", about="how sure the policy is that the goal is reached, 0 to 1"
)
DISTANCE = Output(
    name="distance", width=1, topic="policy_distance", about="rotation left to the goal as the policy guesses it, rad"
)
OUTPUTS: dict[str, Output] = {output.name: output for output in (ACTION, REACHED, DISTANCE)}


def output_widths(names: tuple[str, ...], joints: int) -> dict[str, int]:
    """Returns how many numbers each of these outputs has. joints: of the hand."""
    widths = {name: OUTPUTS[name].width for name in names}
    return {name: joints if width is None else width for name, width in widths.items()}
