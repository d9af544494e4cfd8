"""The options of `dexterity import policy`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class ImportPolicyOptions:
    """Make a bundle of a policy that another program trained, or find its wrong convention.

    FILE is an ONNX file (bare, or with the metadata of mjlab or exploy), a LEAPP graph (.yaml), a checkpoint of rsl_rl
    or rl_games (.pt, .pth), a file of stable-baselines3 (.zip), or with --probe also a bundle. What it does not say is
    taken from --contract, or asked for at a terminal; nothing is assumed. Without a terminal everything that is missing
    is listed, with status 2. Answers that are guesses are marked `unverified`: such a bundle arms only where an
    operator allows it.

    --probe runs the policy in our simulator as its bundle says, and, when it does not come to its goals, under every
    other order, sign, way to write a rotation, goal error and frame, and says which one behaves. Only conventions that
    are marked unverified are tried, or all of them where none is.

    JSON keys:
    - bundle, dialect, unverified: a list of fields, differs: a list of texts
    - probe {verdict (as_said, other or cannot_tell), convention, score, other_score; finalists, on the episodes of
      score, and screened, all on a few short ones: lists of {convention, score, error}}; null without --probe

    Attributes:
        file: the policy.
        contract: YAML file with answers to what the file does not say; docs/own_policy.md lists them.
        out: folder of the bundle; default: models/policies/NAME here, called as the file.
        probe: which convention behaves?
        episodes: of each convention that comes near; the others are tried on fewer.
        seed: of starting grasps and goals.
    """

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    contract: Annotated[Path | None, optional("FILE")] = None
    out: Annotated[Path | None, optional("DIR")] = None
    hand: HandName = "leap"
    probe: bool = False
    episodes: int = 16
    seed: int = 0
    json: JsonFile = None
