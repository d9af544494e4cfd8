"""The options of `dexterity import object` and `dexterity print tags`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from dexterity_ros.cli.options.kinds import HandName, JsonFile, optional


@dataclass(frozen=True, kw_only=True)
class ImportObjectOptions:
    """Make an object of a mesh (STL, OBJ, PLY) or of primitives (YAML), for commands to take.

    Writes object.yaml (convex parts, mass, inertia, symmetry, labels), mesh.ply (the surface, for the camera), and
    preview.png. The origin is the centre of the volume; the axes are the file's. Then it lets the object go above a
    hand, and says whether it rests there, inside the hand, or flies out; status 1 where nothing can be learned.

    JSON keys:
    The names printed in the left column, each with a line of text: size; surface; parts; mass; symmetry; labels; looks
    alike; in the hand.

    Attributes:
        file: mesh.stl, .obj, .ply; or a .yaml with parts: [{kind: cylinder, size_m: [0.03, 0.04]}], see
            docs/own_object.md; or family:NAME, a generated object of docs/objects.md such as family:cross_00.
        out: folder to write; its last part is the object's name.
        mass_kg: as weighed.
        density: kg/m3, in place of a mass; printed solid in PLA: 1240.
        unit: of a mesh; default: mm or m, whichever makes something that a hand can hold.
        labels: what tells apart poses in which the shape looks alike: a colour or an AprilTag on each flat side.
        tag_mm: side of a tag's black square; default: the largest that fits.
        first_tag: number of the first tag; objects that are seen together need different numbers.
        parts: convex parts at most.
    """

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")]
    mass_kg: Annotated[float | None, optional("KG")] = None
    density: Annotated[float | None, optional("KG_M3")] = None
    unit: Annotated[Literal["mm", "cm", "m", "in"] | None, optional("{mm,cm,m,in}")] = None
    labels: Literal["none", "colours", "tags"] = "none"
    tag_mm: Annotated[float | None, optional("MM")] = None
    first_tag: int = 0
    parts: int = 16
    hand: HandName = "leap"
    json: JsonFile = None


@dataclass(frozen=True, kw_only=True)
class PrintTagsOptions:
    """Write the AprilTags of an object as a PDF to print 1:1, with a drawing of where each goes.

    Print at 100 %, measure the 100 mm ruler on the sheet, cut along the grey lines, glue with the top edge where the
    arrow of the drawing points.

    Attributes:
        object: name in models/objects, or folder.
        out: PDF file to write.
    """

    object: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="OBJECT")]
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("tags.pdf")
