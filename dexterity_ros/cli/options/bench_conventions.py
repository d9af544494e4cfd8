"""The options of `dexterity bench conventions`."""

from dataclasses import dataclass

from dexterity_ros.cli.options.kinds import JsonFile


@dataclass(frozen=True, kw_only=True)
class BenchConventionsOptions:
    """Plant wrong conventions in shipped policies: does `dexterity import policy BUNDLE --probe` tell?

    Orders of joints, signs, ways to write rotations, goal errors and frames, in turn; the probe sees the bundle alone.
    Status 1 when it names fewer than 90 %, or accuses more than 5 % of the clean ones.

    JSON keys:
    - rows: a list of {number, policy, family (empty: nothing is wrong), planted, verdict, convention, named, score,
      other, other_score}

    Attributes:
        plants: bundles with a wrong convention.
        clean: bundles that say what is true.
        episodes: of each convention that comes near.
        seed: of what is planted, and of starting grasps and goals.
        resume: go on from the rows that the file of --json holds.
    """

    plants: int = 40
    clean: int = 20
    episodes: int = 16
    seed: int = 0
    resume: bool = False
    json: JsonFile = None
