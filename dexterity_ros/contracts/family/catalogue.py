"""The list of generated objects, config/objects/*.yaml: which are trained on, and which are kept for the judge."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.shapes import FAMILIES, MASS_G, made
from dexterity_ros.contracts.object import ObjectSpec
from dexterity_ros.contracts.ranges import PART_NAME, SEED, Checked, Length, Range

FOLDER, LIST = "config/objects", "family"
Split = Literal["train", "held-out"]
Which = Literal["first", "train", "held-out"]
_TRAINED = {"cuboid": 8, "prism": 8, "superellipsoid": 7, "capsule": 5, "hull": 8, "letter": 8}
_KEPT = {"cuboid": 3, "prism": 3, "superellipsoid": 3, "capsule": 2, "hull": 3, "letter": 4, "frustum": 4, "cross": 4}
_DRAWN, _DRAWN_FROM = 10, 100  # how many a bundle's id draws, and what their numbers begin with
_FIRST = 2  # of each family that is trained on, to begin with


@dataclass(frozen=True, kw_only=True)
class FamilyObject(Checked):
    """One object: numbers by name, mm, as its family reads them (contracts/family/shapes.py)."""

    name: Annotated[str, PART_NAME]
    family: Annotated[str, PART_NAME]
    split: Split
    mass_kg: Annotated[float, Range(1e-3, 1.0, "something that a hand can hold")]
    numbers: Annotated[dict[str, tuple[float, ...]], Length(1, 8, "named lists")]

    @cached_property
    def spec(self) -> ObjectSpec:
        """Shape, mass and symmetry."""
        return made(self.name, self.family, self.numbers, self.mass_kg)


@dataclass(frozen=True, kw_only=True)
class Catalogue(Checked):
    """seed: what they were drawn from."""

    seed: Annotated[int, SEED]
    objects: Annotated[tuple[FamilyObject, ...], Length(1, 1000, "objects")]

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [item.name for item in self.objects]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ConfigError(f"objects must differ by name, these occur more than once: {doubled}")

    def chosen(self, which: Which) -> tuple[FamilyObject, ...]:
        """Returns the objects of a split; first: two of each family that is trained on."""
        if which != "first":
            return tuple(item for item in self.objects if item.split == which)
        trained = self.chosen("train")
        families = dict.fromkeys(item.family for item in trained)
        return tuple(item for family in families for item in [t for t in trained if t.family == family][:_FIRST])


def family_of(name: str) -> str:
    """Returns the family of a generated object by its name, such as letter_03; other names are their own."""
    family, _, number = name.rpartition("_")
    return family if family in FAMILIES and number.isdigit() else name


def load_catalogue(name: str = LIST) -> Catalogue:
    """Returns a list in config/objects, or in the YAML file `name`. Raises ConfigError."""
    return config.load_named(Catalogue, FOLDER, name)


def drawn(seed: int) -> Catalogue:
    """Returns the list that a seed makes; of each family first those that are trained on."""
    objects = []
    for place, family in enumerate(FAMILIES):
        rng, trained = np.random.default_rng([seed, place]), _TRAINED.get(family, 0)
        for number in range(trained + _KEPT[family]):
            split: Split = "train" if number < trained else "held-out"
            objects.append(draw_object(f"{family}_{number:02d}", family, split, rng))
    return Catalogue(seed=seed, objects=tuple(objects))


def drawn_by(identity: str) -> tuple[FamilyObject, ...]:
    """Returns ten more objects, of all families, that nobody can have chosen or trained on.

    identity: of a bundle, hexadecimal (contracts/manifest.bundle_id): another policy gets others.
    """
    rng, families = np.random.default_rng(int(identity, 16)), list(FAMILIES)
    chosen = [*families, *rng.permutation(families)[: _DRAWN - len(families)].tolist()]
    return tuple(draw_object(f"{name}_{_DRAWN_FROM + k}", name, "held-out", rng) for k, name in enumerate(chosen))


def draw_object(name: str, family: str, split: Split, rng: np.random.Generator) -> FamilyObject:
    """Returns another object of a family."""
    numbers = FAMILIES[family].draw(rng)
    mass_kg = round(float(rng.uniform(*MASS_G)) * 1e-3, 4)
    return FamilyObject(name=name, family=family, split=split, mass_kg=mass_kg, numbers=numbers)
