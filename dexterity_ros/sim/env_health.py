"""Whether there is anything to learn from in an environment: does MuJoCo hold, do objects stay in hands anew?"""

from dexterity_ros.contracts.arrays import Bools, Ints
from dexterity_ros.contracts.errors import DexterityError

WINDOW = 100  # control steps of all hands, over which it is looked at whether MuJoCo holds
RESTARTS = 10_000  # grasps, over which it is looked at whether they last
UNSTABLE_SHARE = 0.01  # of the control steps; a hand then begins anew every few seconds because of MuJoCo alone
LOST_SHARE = 0.8  # of the grasps
SOON_S = 1.0


class SimulationError(DexterityError):
    """What is simulated is nothing that a policy could learn from."""


class EnvHealth:
    """Counts over a while what no learner would notice: a simulation that MuJoCo began anew looks like any other."""

    def __init__(self, hands: int, period_s: float) -> None:
        self._hands, self._soon = hands, round(SOON_S / period_s)
        self._steps = self._unstable = 0
        self._restarts = self._lost = 0

    def take(self, unstable: Bools, lost: Bools, restarted: Bools, age: Ints) -> None:
        """Takes one control step of all hands, each (N,).

        Args:
            unstable: MuJoCo began the simulation anew.
            lost: the hand is given a new grasp because it dropped the object.
            restarted: the hand is given a new grasp, for whatever reason.
            age: control steps since the grasp that ends.

        Raises SimulationError where MuJoCo gives up, or most grasps are lost at once, over a while.
        """
        self._steps += 1
        self._unstable += int(unstable.sum())
        self._restarts += int(restarted.sum())
        self._lost += int((lost & (age <= self._soon)).sum())
        if self._steps == WINDOW:
            self._check_unstable()
        if self._restarts >= RESTARTS:
            self._check_lost()

    def _check_unstable(self) -> None:
        share = self._unstable / (self._hands * self._steps)
        self._steps = self._unstable = 0
        if share > UNSTABLE_SHARE:
            raise SimulationError(
                f"MuJoCo called the simulation unstable in {100 * share:.1f} % of the last {WINDOW} control steps and "
                "began anew: look at timestep_s, the gains of the hand, and the smallest masses of parts and object"
            )

    def _check_lost(self) -> None:
        share = self._lost / self._restarts
        self._restarts = self._lost = 0
        if share > LOST_SHARE:
            raise SimulationError(
                f"{100 * share:.0f} % of the last {RESTARTS} grasps lost the object within {SOON_S:g} s: look at the "
                "hand's grasp centre, the ranges of mass and friction, and the size of the actions"
            )
