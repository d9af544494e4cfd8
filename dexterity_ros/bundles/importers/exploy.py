"""ONNX files with exploy's metadata: their graphs build the observation and scale the action themselves.

Source: rai-opensource/exploy, python/exploy/exporter and control/include/exploy (matcher, metadata). Such a graph is
meant to be called at every physics step (`update_rate` is 1 / physics step): an If on ctx.step_count modulo
`decimation` runs the network, and in between it repeats itself. A bundle calls it at update_rate / decimation and
counts `decimation` steps at each call, so that the network runs at every call.
"""

import json
import re
from typing import Any

import onnx

from dexterity_ros.bundles.importers.foreign import Counter, Foreign, State, metadata, shapes
from dexterity_ros.contracts.errors import BundleError

_COUNT = "ctx.step_count"
_TARGET = re.compile(r"output\.joint_targets\.(?P<group>[^.]+)\.pos")
_JOINTS = re.compile(r"(?P<group>obj\.[^.]+\.joints)\.(?P<what>pos|vel)")
_TERMS = {"pos": "joint_pos", "vel": "joint_vel"}


def is_dialect(model: onnx.ModelProto) -> bool:
    """Returns whether a file speaks it."""
    return "exploy_version" in metadata(model)


def read(model: onnx.ModelProto, where: str) -> Foreign:
    """Returns what the file says. Raises BundleError."""
    said = {key: _json(value) for key, value in metadata(model).items()}
    inputs, outputs = list(shapes(model)), list(shapes(model, outputs=True))
    states = tuple(State(port=name, after=_after(name, outputs, where)) for name in inputs if _is_memory(name))
    seen = tuple(name for name in inputs if not _is_memory(name) and name != _COUNT)
    targets = [name for name in outputs if _TARGET.fullmatch(name)]
    if len(targets) != 1:
        raise BundleError(f"{where} has the joint targets {targets}, expected one output.joint_targets.GROUP.pos")
    decimation, rate_hz = _positive(said, "decimation", where), _positive(said, "update_rate", where)
    return Foreign(
        dialect="exploy",
        model=model,
        sees=seen,
        says=(targets[0],),
        states=states,
        counter=Counter(port=_COUNT, step=round(decimation)) if _COUNT in inputs else None,
        answers=_answers(said, targets[0], seen, where) | {"control_rate_hz": rate_hz / decimation},
        terms={name: (name,) for name in seen},
    )


def _answers(said: dict[str, Any], target: str, seen: tuple[str, ...], where: str) -> dict[str, Any]:
    """Returns joint names, gains, what is fed into each port, and that the graph says targets itself."""
    group = said.get(target.rpartition(".")[0], {})
    if not isinstance(group, dict):
        raise BundleError(f"{target.rpartition('.')[0]} in {where} is {group!r}, expected names, stiffness and damping")
    names = {"joint_names": group.get("names"), "stiffness_nm_rad": group.get("stiffness")}
    answers: dict[str, Any] = {key: tuple(value) for key, value in names.items() if isinstance(value, list)}
    if isinstance(group.get("damping"), list):
        answers["damping_nm_s_rad"] = tuple(group["damping"])
    for port in seen:
        if (match := _JOINTS.fullmatch(port)) and answers.get("joint_names"):
            of_port = said.get(match["group"], {})
            found = tuple(of_port.get("joint_names", ())) if isinstance(of_port, dict) else ()
            if found and found != answers["joint_names"]:
                raise BundleError(
                    f"{port} in {where} has the joints {list(found)}, its targets {list(answers['joint_names'])}"
                )
    observation = [_term(port) for port in seen if _JOINTS.fullmatch(port)]
    if len(observation) == len(seen):
        answers["observation"] = observation
    return answers | {"action": {"mode": "targets"}}


def _term(port: str) -> dict[str, str]:
    match = _JOINTS.fullmatch(port)
    assert match is not None
    what = {"name": _TERMS[match["what"]], "port": port}
    return what | {"told": "raw"} if match["what"] == "pos" else what


def _is_memory(name: str) -> bool:
    return name.startswith("memory.") and name.endswith(".in")


def _after(name: str, outputs: list[str], where: str) -> str:
    after = f"{name.removesuffix('.in')}.out"
    if after not in outputs:
        raise BundleError(f"{where} has the input {name} and no output {after}")
    return after


def _positive(said: dict[str, Any], key: str, where: str) -> float:
    value = said.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value < 1e6:
        raise BundleError(f"{key} in {where} is {value!r}, expected a number above 0")
    return float(value)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text[:1000]  # plain texts are not quoted in every version
