"""Contract: what must be known of a policy to run it; answered by its file or by people, never by default."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from dexterity_ros.bundles.importers.foreign import Foreign
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BundleError, ConfigError
from dexterity_ros.contracts.manifest import CURRENT_LIMIT, LATENCY
from dexterity_ros.contracts.ranges import PART_NAME, PATH, Checked, Length, Range, shown
from dexterity_ros.contracts.spec import HISTORY, MOST_TERMS, PART_OR_NOTHING

_ANGLES = Range(-6.3, 6.3, "at most one turn either way")
_JOINTS = Length(1, 64, "one for each joint, or one for all")
_NUMBERS = Range(-1e6, 1e6, "observations are in rad, m, s and their like")
TOLD = ("joint_pos", "joint_target")  # these need `told`


@dataclass(frozen=True, kw_only=True)
class TermAnswer(Checked):
    """One part of the observation. Keys as in ObservationTerm; what is not said is not done, but `told` must be said.

    told: of joint positions and targets: raw, relative_to_default, or normalised (-1 to 1 over the joints' limits).
    port: input of the network that it goes into, where there are several.
    """

    name: Annotated[str, PART_NAME]
    of: Annotated[str, PART_OR_NOTHING] = ""
    told: Literal["", "raw", "relative_to_default", "normalised"] = ""
    form: Annotated[str, PART_OR_NOTHING] = ""
    relative_to: Annotated[str, PART_OR_NOTHING] = ""
    offset: Annotated[tuple[float, ...], _NUMBERS] = ()
    scale: Annotated[tuple[float, ...], _NUMBERS] = ()
    limit: Annotated[tuple[float, float] | None, _NUMBERS] = None
    history: Annotated[int, HISTORY] = 1
    period_ticks: Annotated[float, Range(0.0, 1e6, "0 = no phase")] = 0.0
    port: str = ""

    @property
    def quantity(self) -> str:
        """What it is made of."""
        return self.of or self.name


@dataclass(frozen=True, kw_only=True)
class HistoryAnswer(Checked):
    """order: which tick comes first. fill: for ticks before the first. stacked: term after term, or tick after tick."""

    order: Literal["oldest_first", "newest_first"] | None = None
    fill: Literal["first", "zeros"] | None = None
    stacked: Literal["by_term", "by_tick"] | None = None


@dataclass(frozen=True, kw_only=True)
class ActionAnswer(Checked):
    """As ActionSpec. mode: its modes; limits: -1 to 1 over the joints' limits; targets: the graph says radians itself.

    scale_rad: of all joints, or one for each. clip: 100 = not clipped.
    """

    mode: Literal["relative", "measured", "default", "absolute", "limits", "targets"] | None = None
    scale_rad: Annotated[tuple[float, ...] | None, Range(1e-4, 6.3, "rad per unit"), _JOINTS] = None
    clip: Annotated[float | None, Range(1e-3, 100.0, "100 = not clipped")] = None
    ema: Annotated[float | None, Range(1e-3, 1.0, "share of the new; 1 = none of the old")] = None
    smooths: Literal["action", "target"] | None = None
    within_limits: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Contract(Checked):
    """Everything that must be answered. None: it is not yet. Joints are in the policy's own order and sign.

    joint_names: what the file calls its joints. joint_order: the same joints by our names.
    activation, normaliser: of a network whose file has weights alone. ports: input and output, where there are several.
    unverified: fields whose answers are guesses; they stay marked in the bundle.
    """

    task: Annotated[str | None, PATH] = None
    object: Annotated[str | None, PART_NAME] = None
    control_rate_hz: Annotated[float | None, Range(1.0, 1000.0, "slower is no control")] = None
    joint_names: Annotated[tuple[str, ...] | None, PATH] = None
    joint_order: Annotated[tuple[str, ...] | None, PART_NAME] = None
    joint_sign: Annotated[tuple[float, ...] | None, Range(-1.0, 1.0, "1 or -1"), _JOINTS] = None
    joint_zero_rad: Annotated[tuple[float, ...] | None, _ANGLES, _JOINTS] = None
    joint_limits_rad: Annotated[tuple[tuple[float, float], ...] | None, _ANGLES] = None
    default_pos_rad: Annotated[tuple[float, ...] | None, _ANGLES, _JOINTS] = None
    start_pos_rad: Annotated[tuple[float, ...] | None, _ANGLES, _JOINTS] = None
    base_pos_m: Annotated[tuple[float, float, float] | None, Range(-10.0, 10.0, "within reach")] = None
    base_quat_wxyz: tuple[float, float, float, float] | None = None
    observation: Annotated[tuple[TermAnswer, ...] | None, Length(1, MOST_TERMS, "a policy sees something")] = None
    history: HistoryAnswer = HistoryAnswer()
    action: ActionAnswer = ActionAnswer()
    latency_s: Annotated[tuple[float, float] | None, LATENCY] = None
    current_limit_a: Annotated[float | None, CURRENT_LIMIT] = None
    stiffness_nm_rad: Annotated[tuple[float, ...] | None, Range(1e-3, 1000.0, "a spring"), _JOINTS] = None
    damping_nm_s_rad: Annotated[tuple[float, ...] | None, Range(0.0, 100.0, "a damper"), _JOINTS] = None
    activation: str | None = None
    normaliser: Any = None
    ports: Annotated[tuple[str, ...], PATH] = ()
    unverified: Annotated[tuple[str, ...], PART_NAME] = ()


QUESTIONS: dict[str, str] = {
    "task": "name in config/tasks",
    "object": "name in models/objects",
    "control_rate_hz": "how often a second was it asked for an action?",
    "joint_order": "our names of its joints, in its order",
    "joint_sign": "1 or -1 for each of its joints, or one for all: which way is positive, compared with our hand?",
    "joint_zero_rad": "where its zero is, in our angles, for each of its joints; [0] = at ours",
    "joint_limits_rad": "[low, high] of each of its joints, in its angles",
    "default_pos_rad": "its default pose, in its order and angles",
    "start_pos_rad": "the pose to ease into before it starts, in its order and angles",
    "base_pos_m": "origin of its frame, in our hand frame",
    "base_quat_wxyz": "rotation of its frame in our hand frame, w first",
    "observation": "the terms it sees, in order: name, and told, form, history and so on (docs/own_policy.md)",
    "history.order": "oldest_first or newest_first",
    "history.fill": "before the first tick: first = that tick again, or zeros",
    "history.stacked": "by_term or by_tick",
    "action.mode": "relative, measured, default, absolute, limits or targets",
    "action.scale_rad": "rad per unit of action, one or for each joint",
    "action.clip": "raw actions are clipped to plus or minus this; 100 = not clipped",
    "action.ema": "share of the new action when smoothing; 1 = none",
    "action.smooths": "action or target: which of them is smoothed",
    "action.within_limits": "are its targets kept within the joints' limits? true or false",
    "latency_s": "[least, most] from measurement to motion that it was trained with",
    "current_limit_a": "current that its motors were allowed",
    "stiffness_nm_rad": "joint gain in its simulator, one or for each joint",
    "damping_nm_s_rad": "joint damping in its simulator, one or for each joint",
}


_FURTHER = {
    "activation": "between the layers: elu, relu, tanh, selu, leaky_relu or silu",
    "normaliser": "none, or VecNormalize's {mean, variance, epsilon, clip} of observations",
}


def missing(foreign: Foreign, contract: Contract) -> list[str]:
    """Returns every field that must be answered and is not, in the order of QUESTIONS, then of the terms."""
    needed = [name for name in QUESTIONS if _asked(name, contract)]
    found = [name for name in needed if _answer(contract, name) is None]
    terms = contract.observation or ()
    return [*foreign.needs, *found] + [f"observation.{t.name}.told" for t in terms if t.quantity in TOLD and not t.told]


def question(name: str) -> str:
    """Returns what is asked about a field."""
    return (QUESTIONS | _FURTHER).get(name, "raw, relative_to_default or normalised")


def merged_answers(foreign: Foreign, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Returns what the file says together with what people say. Raises ConfigError where they contradict each other."""
    answers: dict[str, Any] = config.to_mapping(dict(foreign.answers))
    for key, value in given.items():
        said = answers.get(key)
        if isinstance(said, dict) and isinstance(value, dict):
            for part in sorted(set(said) & set(value)):
                _agree(f"{key}.{part}", said[part], value[part], where)
            answers[key] = said | value
        else:
            _agree(key, said, value, where)
            answers[key] = value
    return answers


def contract_of(foreign: Foreign, given: Mapping[str, Any], where: str) -> Contract:
    """Returns the contract as far as it is known. Raises ConfigError, BundleError."""
    contract = config.from_mapping(Contract, merged_answers(foreign, given, where), where=where)
    unknown = sorted(set(contract.unverified) - set(QUESTIONS | _FURTHER))
    if unknown:
        raise ConfigError(f"{where}.unverified has {unknown}; there are {list(QUESTIONS | _FURTHER)}")
    _check_terms(foreign, contract, where)
    return contract


def _check_terms(foreign: Foreign, contract: Contract, where: str) -> None:
    """Raises BundleError when the file calls the parts of an observation otherwise than the contract lists them."""
    if contract.observation is None or foreign.dialect != "mjlab":
        return
    said = [name for names in foreign.terms.values() for name in names]
    if said != [term.name for term in contract.observation]:
        raise BundleError(f"{where} lists the terms {[t.name for t in contract.observation]}, the file has {said}")


def _asked(name: str, contract: Contract) -> bool:
    """Returns whether a field must be answered, as far as is known now."""
    terms, mode = contract.observation or (), contract.action.mode
    told, targets = {term.told for term in terms}, mode == "targets"
    sees_object = any(not _of_joints(term) for term in terms)
    conditions = {
        "default_pos_rad": mode == "default" or "relative_to_default" in told,
        "joint_limits_rad": mode in ("limits", "absolute") or "normalised" in told,
        "base_pos_m": sees_object,
        "base_quat_wxyz": sees_object,
        "action.scale_rad": mode not in ("limits", "targets"),
        "action.clip": not targets,
        "action.ema": not targets,
        "action.smooths": contract.action.ema not in (None, 1.0),
        "action.within_limits": not targets,
    }
    if name.startswith("history."):
        return any(term.history > 1 for term in terms)
    return conditions.get(name, True)


def _of_joints(term: TermAnswer) -> bool:
    return term.quantity.startswith(("joint_", "last_action")) or term.quantity == "tick"


def _answer(contract: Contract, name: str) -> Any:
    value: Any = contract
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _agree(key: str, said: Any, given: Any, where: str) -> None:
    if said is None or _alike(said, given):
        return
    raise ConfigError(f"{where}.{key} is {shown(given)}, the policy's file says {shown(said)}")


def _alike(said: Any, given: Any) -> bool:
    """Returns whether two answers are the same; files round to three decimals, and one number may stand for all."""
    if isinstance(said, list | tuple) and isinstance(given, list | tuple):
        given = [*given] * len(said) if len(given) == 1 else given
        return len(said) == len(given) and all(_alike(a, b) for a, b in zip(said, given, strict=True))
    if isinstance(said, int | float) and isinstance(given, int | float):
        return abs(float(said) - float(given)) <= 6e-4
    return bool(said == given)
