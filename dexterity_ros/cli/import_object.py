"""dexterity import object"""

import dataclasses
from pathlib import Path

import cv2
import yaml

from dexterity_ros.bringup.objects.make import Imported, Wanted, generated_object, import_object
from dexterity_ros.cli.options.objects import ImportObjectOptions
from dexterity_ros.cli.output import console, figures_table, say, write_json
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.files import naming, shown_path
from dexterity_ros.contracts.hand import HandSpec, load_hand
from dexterity_ros.contracts.object import MODEL_FILE, SPEC_FILE, ObjectSpec
from dexterity_ros.contracts.ranges import NAME
from dexterity_ros.sim.first_grasps import try_grasps
from dexterity_ros.sim.object_picture import object_picture

_GENERATED = "family:"
_OF_A_FILE = ("mass_kg", "density", "unit", "labels", "tag_mm", "first_tag", "parts")


def run(options: ImportObjectOptions) -> int:
    """Writes the folder, and says what a person should know of the object; status 1 where nothing can be learned."""
    _refuse(options)
    hand = load_hand(options.hand)
    made = _made(options)
    _write(options.out, made, hand)
    figures = dict(made.figures)
    doubt = _grasped(made.spec, hand, figures)
    console.print(figures_table(made.spec.name, figures))
    write_json(options.json, figures)
    say(f"wrote {shown_path(options.out)}: look at preview.png")
    if doubt:
        say(f"do not train on it as it is: {doubt}")
    return int(bool(doubt))


def _made(options: ImportObjectOptions) -> Imported:
    name = str(options.file)
    if name.startswith(_GENERATED):
        return generated_object(name.removeprefix(_GENERATED))
    wanted = Wanted(
        name=options.out.name, unit=options.unit, mass_kg=options.mass_kg, density_kg_m3=options.density,
        labels=options.labels, parts=options.parts, first_tag=options.first_tag,
        tag_m=None if options.tag_mm is None else 1e-3 * options.tag_mm,
    )  # fmt: skip
    with console.status("reading") as status:
        return import_object(options.file, wanted, status.update)


def _refuse(options: ImportObjectOptions) -> None:
    """Raises ConfigError for options that contradict each other or have values that nothing has."""
    NAME.check(options.out.name, "--out: the name of the folder")
    if str(options.file).startswith(_GENERATED):
        defaults = {field.name: field.default for field in dataclasses.fields(options)}
        given = [f"--{name.replace('_', '-')}" for name in _OF_A_FILE if getattr(options, name) != defaults[name]]
        if given:
            raise ConfigError(f"{options.file} is a generated object, which has its own mass and no labels: no {given}")
    if options.tag_mm is not None and options.labels != "tags":
        raise ConfigError(f"--tag-mm {options.tag_mm} is for --labels tags, it is {options.labels}")
    for name, low, high in (("parts", 1, 64), ("first_tag", 0, 586)):
        if not low <= getattr(options, name) <= high:
            raise ConfigError(f"--{name.replace('_', '-')} is {getattr(options, name)}, expected {low} to {high}")
    for name in ("mass_kg", "density", "tag_mm"):
        value = getattr(options, name)
        if value is not None and not 0.0 < value < float("inf"):
            raise ConfigError(f"--{name.replace('_', '-')} is {value}, expected more than 0")
    if (options.out / MODEL_FILE).exists():
        raise ConfigError(f"{shown_path(options.out)} holds {MODEL_FILE}, an object of another kind: choose another")


def _write(folder: Path, made: Imported, hand: HandSpec) -> None:
    text = yaml.safe_dump(config.to_mapping(made.spec), sort_keys=False, default_flow_style=None, width=110)
    picture = object_picture(made.spec, hand)
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SPEC_FILE).write_text(text)
        (folder / "mesh.ply").unlink(missing_ok=True)
        if made.mesh is not None:
            (folder / "mesh.ply").write_bytes(made.mesh.export(file_type="ply"))
        (folder / "preview.png").write_bytes(cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes())


def _grasped(spec: ObjectSpec, hand: HandSpec, figures: dict[str, str]) -> str:
    """Adds what becomes of the object in a hand. Returns why it is not fit to be trained on, or nothing."""
    with console.status(f"letting it go above the hand {hand.name}"):
        grasps = try_grasps(hand, spec)
    figures["in the hand"] = grasps.described
    try:
        grasps.check(hand.name)
    except ConfigError as error:
        return str(error)
    return "" if grasps.rested > 0.0 else f"it never comes to rest in the hand {hand.name}"
