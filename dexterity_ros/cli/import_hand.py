"""dexterity import hand"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import yaml

from dexterity_ros.bringup.hands.answers import Answers
from dexterity_ros.bringup.hands.make import ImportedHand, OpenHand, UndecidedError, Wanted, import_hand
from dexterity_ros.cli.options.import_hand import ImportHandOptions
from dexterity_ros.cli.output import console, figures_table, say, say_labelled, write_json
from dexterity_ros.contracts import config, yaml_text
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming, shown_path
from dexterity_ros.contracts.hand import HAND_FILE
from dexterity_ros.contracts.ranges import NAME
from dexterity_ros.sim.hand_picture import hand_picture

ANSWERS_FILE, PICTURE = "answers.yaml", "preview.png"
_NOBODY_KNOWS = "unknown"


def run(options: ImportHandOptions) -> int:
    """Writes the folder, and says what it holds and what a person has to decide; status 1 where no cube rests."""
    _refuse(options)
    given = {} if options.answers is None else config.read_mapping(options.answers)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with naming(options.out), tempfile.TemporaryDirectory(prefix=".dexterity_", dir=options.out.parent) as there:
        folder = Path(there) / "hand"
        made, given = _answered(options, given, folder)
        (folder / ANSWERS_FILE).write_text(yaml.safe_dump(given, sort_keys=False, default_flow_style=None, width=110))
        picture = hand_picture(made.hand)[:, :, ::-1]
        (folder / PICTURE).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        if options.out.exists():
            shutil.rmtree(options.out)
        folder.rename(options.out)
    _say(made, options)
    return int(made.place.grasps.rested == 0.0)


def _refuse(options: ImportHandOptions) -> None:
    """Raises ConfigError for options with values that nothing has, and for a folder that is something else."""
    NAME.check(options.out.name, "--out: the name of the folder")
    if not 1 <= options.parts <= 50:
        raise ConfigError(f"--parts is {options.parts}, expected 1 to 50")
    if not options.file.is_file():
        raise ConfigError(f"no file {shown_path(options.file)}")
    if options.packages is not None and not options.packages.is_dir():
        raise ConfigError(f"--packages {shown_path(options.packages)} is no folder")
    if options.out.exists() and not (options.out / HAND_FILE).is_file():
        raise ConfigError(f"{shown_path(options.out)} is there and no hand: choose another")


def _answered(options: ImportHandOptions, given: dict[str, Any], folder: Path) -> tuple[ImportedHand, dict[str, Any]]:
    """Returns the hand and the answers, asking at a terminal. Raises ConfigError: what is open."""
    where = "--answers" if options.answers is None else shown_path(options.answers)
    packages = () if options.packages is None else (options.packages.resolve(),)
    while True:
        answers = config.from_mapping(Answers, given, where=where)
        wanted = Wanted(name=options.out.name, answers=answers, packages=packages, parts=options.parts)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            with console.status("reading the model") as status:
                return import_hand(options.file, wanted, folder, status.update), given
        except UndecidedError as error:
            if error.open.problems or not sys.stdin.isatty():
                _list(error.open)
                raise
            given = _asked(error.open.questions, given)


def _list(still: OpenHand) -> None:
    """Prints what is open: what cannot be done, and the questions as the lines of a file for --answers."""
    for problem in still.problems:
        say(f"cannot: {problem}")
    if still.problems:
        say("in --answers, `fixed: {joint: rad}` makes joints stand still; a slide's place is in m")
    for name, words in still.questions.items():
        say(f"{name}:  # {words}")
    if still.questions:
        say("unknown: []  # those of them that nobody knows yet, apart from motor_model, limits and max_*")


def _asked(questions: dict[str, str], given: dict[str, Any]) -> dict[str, Any]:
    """Returns the answers with those that a person types; `unknown` goes onto that list."""
    found, unknown = dict(given), list(given.get("unknown") or [])
    for name, words in questions.items():
        say_labelled(name, f": {words}", "bold")
        try:
            text = input("> ").strip()
        except EOFError as error:
            raise ConfigError(f"no answer to {name}; nothing is assumed in its place") from error
        if text == _NOBODY_KNOWS:
            unknown.append(name)
        else:
            found[name] = yaml_text.parse(text, name)
    return found | ({"unknown": unknown} if unknown else {})


def _say(made: ImportedHand, options: ImportHandOptions) -> None:
    console.print(figures_table(made.hand.name, made.figures))
    say("for you to decide or to look at:")
    for point in made.decide:
        say(f"- {point}")
    grasps = made.place.grasps
    write_json(
        options.json,
        {
            "hand": str(options.out / HAND_FILE),
            "joints": list(made.hand.joint_names),
            "unverified": list(made.hand.unverified),
            "decide": list(made.decide),
            "figures": made.figures,
            "rested": grasps.rested,
            "flung": grasps.flung,
        },
    )
    say(f"wrote {shown_path(options.out)}: look at {PICTURE}")
    if grasps.rested == 0.0:
        say("no cube rests in it: say grasp_centre_m, home and up in the answers before training")
