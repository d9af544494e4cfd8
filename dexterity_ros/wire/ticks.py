"""One policy tick: what it consumed, what came out, as named sections of one vector.

Version 2, since `version` is a section: a sample of SOURCE is SOURCE.stamp and SOURCE.FIELD, what the network said
output.NAME. Points, which messages carry as float32, are SOURCE.FIELD:f4, two in the bits of one number: half as long,
and the same to the bit. Version 1, in bags from before, has joints, pose and goal under the short names of their
sources, and the outputs side by side in raw_action, with a stop head behind the action.
Of a policy that says chunks: chunk.used are the stamps of those that the action was made of, asked.K.PORT what the
network was given for those whose answers came since the tick before, and asked.K.at when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.arrays import Floats
from dexterity_ros.contracts.chunk import ChunkUse, Question
from dexterity_ros.contracts.errors import WireError
from dexterity_ros.contracts.outputs import ACTION, REACHED
from dexterity_ros.contracts.samples import JointTarget, Sample
from dexterity_ros.contracts.sources import GOAL, JOINTS, OBJECT_POSE, SOURCES, ObservationInputs, Source

Outputs = Mapping[str, NDArray[np.float32]]
_VERSION = 2
_OUTPUT, _SINGLE = "output.", ":f4"
_USED, _ASKED, _AT = "chunk.used", "asked.", "at"


@dataclass(frozen=True, kw_only=True)
class TickRecord:
    """One policy tick as published: enough to repeat it exactly.

    reset: number of the reset it follows. outputs: what the network said, by port, each (width,). led: an operator
    acted, not the network; the action is theirs then. use: the chunks that the action was made of.
    """

    now_ns: int
    reset: int
    inputs: ObservationInputs
    observation: NDArray[np.float32]
    outputs: Outputs
    target: JointTarget
    led: bool = False
    recovering: bool | None = None
    use: ChunkUse | None = None

    @property
    def raw_action(self) -> NDArray[np.float32]:
        """The action, (n,)."""
        return self.outputs[ACTION.name]


def pack_tick(tick: TickRecord) -> tuple[list[tuple[str, int]], Floats]:
    """Returns (layout, data): named sections with their lengths, and all numbers as float64.

    A stamp is two numbers, seconds and nanoseconds, because float64 cannot hold 19 digits. float32 fits exactly.
    """
    sections: list[tuple[str, Any]] = [
        ("version", [_VERSION]),
        ("now", _split(tick.now_ns)),
        ("reset", [tick.reset]),
    ]
    for source in tick.inputs.sources:
        sample = tick.inputs[source]
        sections += [(f"{source.name}.stamp", _split(sample.stamp_ns))]
        sections += [_field(source, name, getattr(sample, name)) for name in source.fields]
    sections += [("observation", tick.observation)]
    sections += [(_OUTPUT + name, values) for name, values in tick.outputs.items()]
    sections += [("target_pos_rad", tick.target.pos_rad), ("led", [tick.led])]
    if tick.recovering is not None:
        sections.append(("recovering", [tick.recovering]))
    if tick.use is not None:
        sections += _chunk_sections(tick.use)
    arrays = [np.asarray(values, dtype=np.float64).ravel() for _, values in sections]
    return [(name, a.size) for (name, _), a in zip(sections, arrays, strict=True)], np.concatenate(arrays)


def _field(source: Source[Any], name: str, values: Any) -> tuple[str, Any]:
    """Returns the section of a field of a sample; of points that are float32, two in one number."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    single = flat.astype(np.float32)
    if not source.rows or not np.isfinite(single).all() or not np.array_equal(single, flat):
        return f"{source.name}.{name}", flat
    return f"{source.name}.{name}{_SINGLE}", np.append(single, single[: flat.size % 2]).view(np.float64)


def _chunk_sections(use: ChunkUse) -> list[tuple[str, Any]]:
    sections: list[tuple[str, Any]] = [(_USED, [part for stamp in use.used_ns for part in _split(stamp)])]
    for k, question in enumerate(use.asked):
        sections.append((f"{_ASKED}{k}.{_AT}", _split(question.asked_ns)))
        sections += [(f"{_ASKED}{k}.{name}", values) for name, values in question.ports.items()]
    return sections


def unpack_tick(layout: Sequence[tuple[str, int]], data: Sequence[float] | Floats) -> TickRecord:
    """Returns the tick in a published record. Raises WireError when the layout is not a tick's."""
    values = np.asarray(data, dtype=np.float64)
    ends = np.cumsum([size for _, size in layout])
    if len(ends) == 0 or ends[-1] != values.size:
        raise WireError(f"a tick of {values.size} numbers does not have the layout {list(layout)}")
    part = {name: values[end - size : end] for (name, size), end in zip(layout, ends, strict=True)}
    try:
        return _tick(part)
    except (KeyError, IndexError) as error:
        raise WireError(f"the tick has no section {error}; there are {sorted(part)}") from error


def tick_record(message: Any) -> TickRecord:
    """Returns the tick in a Float64MultiArray message. Raises WireError when it is not one."""
    return unpack_tick([(dim.label, dim.size) for dim in message.layout.dim], message.data)


def split_action(raw_action: NDArray[np.float32], joints: int) -> Outputs:
    """Returns the outputs that a recording of version 1 holds side by side: the action, and how sure a stop head is."""
    behind = raw_action[joints:]
    return {ACTION.name: raw_action[:joints]} | ({REACHED.name: behind} if behind.size else {})


def _tick(part: dict[str, Floats]) -> TickRecord:
    version = int(part["version"][0]) if "version" in part else 1
    if version not in (1, _VERSION):
        raise WireError(f"the tick is of version {version}, known are 1 and {_VERSION}")
    now_ns = _join(part["now"])
    return TickRecord(
        now_ns=now_ns,
        reset=int(part["reset"][0]),
        inputs=_inputs(part) if version == _VERSION else _inputs_1(part),
        observation=part["observation"].astype(np.float32),
        outputs=_outputs(part) if version == _VERSION else _outputs_1(part),
        target=JointTarget(stamp_ns=now_ns, pos_rad=part["target_pos_rad"]),
        led=bool(part.get("led", np.zeros(1))[0]),  # bags from before operators could lead do not say
        recovering=bool(part["recovering"][0]) if "recovering" in part else None,
        use=_use(part) if _USED in part else None,
    )


def _use(part: Mapping[str, Floats]) -> ChunkUse:
    asked: dict[str, dict[str, Floats]] = {}
    for name, values in part.items():
        if name.startswith(_ASKED):
            number, _, port = name.removeprefix(_ASKED).partition(".")
            asked.setdefault(number, {})[port] = values
    stamps = part[_USED].reshape(-1, 2)
    return ChunkUse(used_ns=tuple(map(_join, stamps)), asked=tuple(map(_question, asked.values())))


def _question(ports: dict[str, Floats]) -> Question:
    stamp = _join(ports.pop(_AT))
    return Question(asked_ns=stamp, ports={name: values.astype(np.float32) for name, values in ports.items()})


def _inputs(part: Mapping[str, Floats]) -> ObservationInputs:
    names = [name.removesuffix(".stamp") for name in part if name.endswith(".stamp")]
    unknown = sorted(set(names) - set(SOURCES))
    if unknown:
        raise WireError(f"the tick consumed {unknown}; known sources are {sorted(SOURCES)}")
    return ObservationInputs({name: _sample(part, SOURCES[name], f"{name}.") for name in names})


def _inputs_1(part: Mapping[str, Floats]) -> ObservationInputs:
    return ObservationInputs({s.name: _sample(part, s, f"{s.short}_") for s in (JOINTS, OBJECT_POSE, GOAL)})


def _sample(part: Mapping[str, Floats], source: Source[Any], prefix: str) -> Sample:
    """Returns a sample; what has more rows than one is a table of them."""
    fields = {}
    for name, names in source.fields.items():
        values = _values(part, prefix + name)
        rows = names is not None and (source.rows or values.size != len(names))
        fields[name] = values.reshape(-1, len(names or ())) if rows else values
    sample: Sample = source.sample(stamp_ns=_join(part[f"{prefix}stamp"]), **fields)
    return sample


def _values(part: Mapping[str, Floats], name: str) -> Floats:
    """Returns the numbers of a field; those that are packed have rows of three."""
    if name + _SINGLE not in part:
        return part[name]
    single = part[name + _SINGLE].view(np.float32)
    return single[: single.size - single.size % 3].astype(np.float64)


def _outputs(part: Mapping[str, Floats]) -> Outputs:
    found = {name: values for name, values in part.items() if name.startswith(_OUTPUT)}
    if _OUTPUT + ACTION.name not in found:
        raise KeyError(_OUTPUT + ACTION.name)
    return {name.removeprefix(_OUTPUT): values.astype(np.float32) for name, values in found.items()}


def _outputs_1(part: Mapping[str, Floats]) -> Outputs:
    return split_action(part["raw_action"].astype(np.float32), part["joints_pos_rad"].size)


def _split(stamp: int) -> tuple[int, int]:
    return divmod(int(stamp), 1_000_000_000)


def _join(pair: Floats) -> int:
    return int(pair[0]) * 1_000_000_000 + int(pair[1])
