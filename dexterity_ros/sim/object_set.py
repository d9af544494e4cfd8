"""A hand with one of several objects in each simulation: models of one layout, symmetries, codes of their shapes.

`mujoco.rollout` steps models of different sizes on the same memory and returns garbage without a word. So every model
has as many geoms as the object with the most parts, and the meshes of all objects; that they agree is checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np

from dexterity_ros.contracts.arrays import Bools, Floats, Ints, Singles
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.family.catalogue import load_catalogue
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.object import MANY_OBJECTS, ObjectSpec
from dexterity_ros.sim.object_model import BODY
from dexterity_ros.sim.scene import PhysicsConfig, Scene, build_scene, index_scene, scene_spec
from dexterity_ros.sim.shape_code import ShapeCode
from dexterity_ros.tasks.alike import Symmetries
from dexterity_ros.tasks.goals import sample_goals
from dexterity_ros.tasks.spec import TaskSpec

_NOT_OF_DATA = {"nnames", "nnames_map", "npaths"}  # sizes of texts, which nothing that moves depends on
_PAD_M, _TOUCHES_NOTHING = 1e-3, 1 << 8  # a kind of contact that no geom answers to
_CENTRE_M = 1e-5


def several(name: str) -> tuple[ObjectSpec, ...]:
    """Returns the generated objects that a name stands for; none for the name of one object. Raises ConfigError."""
    if not name.startswith(MANY_OBJECTS):
        return ()
    which = name.removeprefix(MANY_OBJECTS)
    if which not in ("first", "train", "held-out"):
        known = ", ".join(f"{MANY_OBJECTS}{one}" for one in ("first", "train", "held-out"))
        raise ConfigError(f"object is {name}; of generated objects there are {known}")
    return tuple(item.spec for item in load_catalogue().chosen(which))  # type: ignore[arg-type]


def build_scenes(hand: HandSpec, items: Sequence[ObjectSpec], physics: PhysicsConfig) -> tuple[Scene, ...]:
    """Returns the scene of each object, all of one layout. Raises ConfigError."""
    most = max(len(item.parts) for item in items)
    scenes = tuple(_padded(hand, item, items, physics, most) for item in items)
    check_one_layout([scene.model for scene in scenes])
    return scenes


def check_one_layout(models: Sequence[mujoco.MjModel]) -> None:
    """Raises ConfigError when models must not be stepped together."""
    first = layout(models[0])
    for number, model in enumerate(models):
        differ = {name: (first[name], size) for name, size in layout(model).items() if size != first[name]}
        if differ:
            raise ConfigError(f"model {number} cannot be stepped with the first one, their sizes differ: {differ}")


def layout(model: mujoco.MjModel) -> dict[str, int]:
    """Returns every size of a model that what moves in it may depend on."""
    names = (name for name in dir(model) if name.startswith("n") and name not in _NOT_OF_DATA)
    sizes = {name: getattr(model, name) for name in names}
    return {name: int(size) for name, size in sizes.items() if isinstance(size, int | np.integer)}


def _padded(hand: HandSpec, item: ObjectSpec, items: Sequence[ObjectSpec], physics: PhysicsConfig, parts: int) -> Scene:
    spec = scene_spec(hand, item, physics)
    body = spec.body(f"object_{BODY}")
    for number in range(len(item.parts), parts):
        body.add_geom(
            name=f"nothing_{number}", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[_PAD_M, 0.0, 0.0], mass=0.0,
            contype=_TOUCHES_NOTHING, conaffinity=0, group=5,
        )  # fmt: skip
    for other in items:
        for k, part in enumerate(other.parts):
            if part.kind == "hull" and other is not item:
                spec.add_mesh(name=f"{other.name}_{k}", uservert=np.ravel(part.points_m).tolist())
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_MIDPHASE  # its tree knows nothing of random sizes
    model = _compiled(spec, hand, item)
    if model.body_simple[model.body(body.name).id]:
        _move_centre(body, model)
        model = _compiled(spec, hand, item)
    model.geom_solref[:, 0] = physics.contact_time_s
    return index_scene(hand, model)


def _move_centre(body: mujoco.MjsBody, model: mujoco.MjModel) -> None:
    """Moves the centre of mass out of the origin: where they agree, MuJoCo keeps a smaller inertia matrix."""
    number = model.body(body.name).id
    body.explicitinertial = True
    body.mass, body.inertia = float(model.body_mass[number]), model.body_inertia[number]
    body.ipos, body.iquat = model.body_ipos[number] + _CENTRE_M, model.body_iquat[number]


def _compiled(spec: mujoco.MjSpec, hand: HandSpec, item: ObjectSpec) -> mujoco.MjModel:
    try:
        return spec.compile()
    except ValueError as error:
        raise ConfigError(f"MuJoCo cannot compile {hand.mjcf} with {item.name}: {error}") from error


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectSet:
    """What the hands of an environment hold. names: of the objects. scenes: of one layout, one per object.

    kind: which object each of the N simulations has, (N,). specs: none of an object that is no ObjectSpec.
    """

    names: tuple[str, ...]
    scenes: tuple[Scene, ...]
    specs: tuple[ObjectSpec, ...]
    kind: Ints

    @property
    def many(self) -> bool:
        """Whether these are generated objects, which are known modulo their symmetry."""
        return bool(self.specs)

    @cached_property
    def symmetries(self) -> Symmetries:
        """Of the objects."""
        return Symmetries([spec.symmetry for spec in self.specs])

    @cached_property
    def nominal(self) -> list[mujoco.MjModel]:
        """The model of each simulation before anything is random."""
        return [self.scenes[k].model for k in self.kind]

    @cached_property
    def _code(self) -> ShapeCode:
        return ShapeCode(self.specs)

    def goals(self, task: TaskSpec, which: Bools, quat_wxyz: Floats, rng: np.random.Generator) -> Floats:
        """Returns new goals, (n, 4), for the simulations at `which` (N,), whose objects have the rotations (n, 4)."""
        if self.many:
            return self.symmetries.sample_goals(task, self.kind[which], quat_wxyz, rng)
        return sample_goals(task, quat_wxyz, rng)

    def nearest_goals(self, goal_quat_wxyz: Floats, quat_wxyz: Floats) -> Floats:
        """Returns, of the rotations that look like the goals, those nearest to the objects', (N, 4)."""
        return self.symmetries.alike(self.kind, goal_quat_wxyz, quat_wxyz) if self.many else goal_quat_wxyz

    def shape_code(self, quat_wxyz: Floats) -> Singles:
        """Returns what the objects look like in these rotations, (N, 4), seen from the hand: (N, c)."""
        return self._code(self.kind, quat_wxyz)


def object_set(hand: HandSpec, name: str, physics: PhysicsConfig, count: int) -> ObjectSet:
    """Returns the objects of `count` simulations, by turns. Raises ConfigError."""
    specs = several(name)
    if not specs:
        scene = build_scene(hand, name, physics)
        return ObjectSet(names=(name,), scenes=(scene,), specs=(), kind=np.zeros(count, dtype=np.int64))
    if count % len(specs):
        raise ConfigError(f"num_envs is {count}, expected a multiple of the {len(specs)} objects of {name}")
    scenes = build_scenes(hand, specs, physics)
    return ObjectSet(
        names=tuple(spec.name for spec in specs), scenes=scenes, specs=specs, kind=np.arange(count) % len(specs)
    )
