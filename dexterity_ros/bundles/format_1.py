"""Bundles of format 1 with a stop head: the last column of their action is how sure they are that the goal is reached.

The only place that knows; what is loaded has the output `reached`, as a network of format 2 has.
"""

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.manifest import PolicyManifest
from dexterity_ros.contracts.outputs import ACTION, REACHED, output_widths
from dexterity_ros.contracts.ports import NetworkPort, Ports


def written(manifest: PolicyManifest) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of the outputs as they are in the bundle's files."""
    if not manifest.stop_head:
        return manifest.said
    widths = output_widths(manifest.output_names, len(manifest.joint_names))
    return {ACTION.name: (widths[ACTION.name] + widths[REACHED.name],)}


def named(manifest: PolicyManifest, outputs: Ports) -> Ports:
    """Returns outputs as they are in the bundle's files, by their names."""
    if not manifest.stop_head:
        return outputs
    action, joints = outputs[ACTION.name], len(manifest.joint_names)
    return {ACTION.name: action[:, :joints], REACHED.name: action[:, joints:]}


class NamedOutputs:
    """A NetworkPort: another one whose outputs are as in the files of a bundle of format 1."""

    def __init__(self, manifest: PolicyManifest, network: NetworkPort) -> None:
        self._manifest, self._network = manifest, network
        self.state_width = network.state_width

    def __call__(self, seen: Ports, state: NDArray[np.float32]) -> tuple[Ports, NDArray[np.float32]]:
        """Returns (outputs, the next state)."""
        outputs, after = self._network(seen, state)
        return named(self._manifest, outputs), after
