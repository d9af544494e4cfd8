"""ONNX files that do not say who made them; memory is told by the names of the ports, as rsl_rl's exporter has them."""

import onnx

from dexterity_ros.bundles.importers.foreign import Foreign, State, only, shapes

_ACTIONS = ("actions", "action", "continuous_actions", "mu", "mean_actions")
_MEMORIES = (("h_in", "h_out"), ("c_in", "c_out"), ("state_in", "state_out"), ("hidden_in", "hidden_out"))


def read(model: onnx.ModelProto, where: str, *, ports: tuple[str, ...] = ()) -> Foreign:
    """Returns what the ports alone say.

    ports: input and output that people name, where there are several. Source: names of the ports of rsl_rl's exporter,
    rsl_rl and isaaclab_rl, exporter.py: obs, h_in, c_in to actions, h_out, c_out.
    """
    inputs, outputs = list(shapes(model)), list(shapes(model, outputs=True))
    states = tuple(State(port=a, after=b) for a, b in _MEMORIES if a in inputs and b in outputs)
    remembered = {state.port for state in states} | {state.after for state in states}
    seen = [name for name in inputs if name not in remembered]
    said = [name for name in outputs if name not in remembered]
    sees = tuple(name for name in ports if name in inputs) or (only("inputs", seen, where),)
    known = [name for name in _ACTIONS if name in said]
    action = next((name for name in ports if name in outputs), "") or only("outputs", known[:1] or said, where)
    return Foreign(dialect="ONNX", model=model, sees=sees, says=(action,), states=states)
