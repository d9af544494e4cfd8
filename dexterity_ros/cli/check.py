"""dexterity check"""

from pathlib import Path
from typing import Any

from dexterity_ros.bundles.onnx_network import golden_difference, load_policy
from dexterity_ros.cli.options.check import CheckOptions
from dexterity_ros.cli.output import console, figures_table, say, write_json
from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.fitness import allowed, misfits, unmeasured
from dexterity_ros.contracts.hand import HandSpec
from dexterity_ros.contracts.manifest import PolicyManifest, bundle_id
from dexterity_ros.contracts.object import load_labels
from dexterity_ros.contracts.resources import named_resource, resource
from dexterity_ros.contracts.robot_hand import RobotHand, load_robot_hand
from dexterity_ros.drivers.dynamixel.control_table import load_motor
from dexterity_ros.drivers.dynamixel.data_sheet import data_sheet_stiffness
from dexterity_ros.observation.builder import check_spec
from dexterity_ros.observation.view import PolicyView
from dexterity_ros.safety.limits import GateLimits, Tightening, check_decoder, gate_limits
from dexterity_ros.systems.trained import foreign_object
from dexterity_ros.tasks.spec import TaskSpec

_SAME_RAD = 0.005  # a rounded limit is the same


def check(options: CheckOptions) -> int:
    """Prints the contract of a bundle. Raises an error with the reason when it may not run on the hand."""
    folder = resource(options.bundle)
    spec = load_robot_hand(options.hand, options.robot)
    manifest, network = load_policy(folder)
    manifest.check_hand(spec)
    check_spec(manifest.observation, len(spec.joints), spec.fingertip_sites)
    limits = gate_limits(spec, manifest, Tightening())
    check_decoder(manifest, limits)
    check_world(manifest.task, manifest.object)
    if options.object is not None and (warning := foreign_object(manifest, options.object)):
        say(warning)
    golden = golden_difference(folder, manifest, network)
    figures = _contract(folder, manifest, limits) | {"golden pair": f"differs by {golden:.1e}"} | _history(manifest)
    figures |= _individual(manifest, spec)
    console.print(figures_table("", figures))
    write_json(options.json, figures)
    for line in [*consequences(manifest, spec), *springs_by_data_sheet(manifest, spec)]:
        console.print(f"[yellow]differs[/yellow] {line}", highlight=False)
    console.print(f"[green]fits[/green] the hand {spec.name}")
    if manifest.unverified:
        console.print("arms only with allow_unverified:=true (dexterity up) or --allow-unverified (dexterity demo)")
    return 0


def _individual(manifest: PolicyManifest, hand: RobotHand) -> dict[str, str]:
    """Returns what is to be said of one hand. Raises BundleError with all that the policy was not trained for."""
    if hand.robot is None:
        return {}
    if wrong := misfits(manifest, hand):
        raise BundleError(f"policy {manifest.name} was not trained for the robot {hand.robot.name}: {'; '.join(wrong)}")
    return {"robot": hand.robot.said, "not measured": ", ".join(unmeasured(hand)) or "nothing"}


def springs_by_data_sheet(manifest: PolicyManifest, hand: RobotHand) -> list[str]:
    """Returns joints whose P gain makes no stiffness that the policy was trained with, by all that data sheets leave
    open; of joints whose stiffness was measured, nothing.
    """
    if hand.robot is not None and hand.robot.dynamics is not None:
        return []
    model, lines = load_motor(hand.drive.motor_model), []
    trained = dict(zip(manifest.joint_names, manifest.stiffness_nm_rad, strict=True))
    for joint, motor in zip(hand.joint_names, hand.motors, strict=True):
        soft, stiff = data_sheet_stiffness(motor.gains.p, model)
        low, high = allowed(trained[joint], manifest.stiffness_factor)
        if stiff < low or soft > high:
            makes = f"{soft:.2g} to {stiff:.2g} N.m/rad by the data sheet, trained {low:.3g} to {high:.3g}"
            lines.append(f"P {motor.gains.p} of {joint} makes {makes}: measure it with `dexterity bringup identify`")
    return lines


def check_world(task: str, object_name: str) -> None:
    """Raises ConfigError when the task or the object that a policy was trained for is not here."""
    check_task(task)
    load_labels(object_name)


def check_task(task: str) -> None:
    """Raises ConfigError when the task that a policy was trained for is not here."""
    config.load(TaskSpec, named_resource("config/tasks", task))


def _contract(folder: Path, manifest: PolicyManifest, limits: GateLimits) -> dict[str, str]:
    """Returns what the robot has to give, and what it gets."""
    terms = ", ".join(f"{term.name} {term.width}" for term in manifest.observation.terms)
    action = manifest.action
    return {
        "bundle": f"{manifest.name} {bundle_id(folder)}",
        "task, object": f"{manifest.task}, {manifest.object}",
        "hand": f"{manifest.hand} {manifest.hand_digest[:12]}",
        "control rate": f"{manifest.control_rate_hz:g} Hz",
        "observation": f"{manifest.observation.width}: {terms}",
        "action": f"{action.mode}, {action.scale_rad} rad per unit, clip {action.clip}, ema {action.ema}",
        "latency trained": f"{manifest.latency_s[0] * 1e3:.0f} to {manifest.latency_s[1] * 1e3:.0f} ms",
        "convention": _convention(manifest),
        "unverified": ", ".join(manifest.unverified) or "nothing",
        "current limit": f"{manifest.current_limit_a} A",
        "gate": f"step {limits.max_step_rad} rad, {limits.max_velocity_rad_s} rad/s",
    }


def _convention(manifest: PolicyManifest) -> str:
    """Returns how its simulator counts joints and where its frame is."""
    convention = manifest.convention
    if convention is None:
        return "as here"
    flipped = [name for name, sign in zip(convention.joint_order, convention.sign, strict=True) if sign < 0.0]
    base = f"base at {list(convention.base_pos_m)}, {list(convention.base_quat_wxyz)}"
    return f"{' '.join(convention.joint_order)}; turned round: {' '.join(flipped) or 'none'}; {base}"


def consequences(manifest: PolicyManifest, hand: HandSpec) -> list[str]:
    """Returns where the hand that a policy was trained for is another than ours, each with what follows from it."""
    convention = manifest.convention
    if convention is None or not convention.joint_limits_rad:
        return []
    view = PolicyView(convention, hand)
    lines = []
    for k, (name, (low, high)) in enumerate(zip(convention.joint_order, convention.joint_limits_rad, strict=True)):
        ours = (float(view.lower_rad[k]), float(view.upper_rad[k]))
        if low < ours[0] - _SAME_RAD or high > ours[1] + _SAME_RAD:
            said = "what it commands beyond ours is cut"
        elif low > ours[0] + _SAME_RAD or high < ours[1] - _SAME_RAD:
            said = "it never uses the rest of ours"
        else:
            continue
        lines.append(f"{name} goes from {low:.3f} to {high:.3f} rad there, {ours[0]:.3f} to {ours[1]:.3f} here: {said}")
    return lines


def _history(manifest: PolicyManifest) -> dict[str, str]:
    """Returns where it comes from and how good it was."""
    made = manifest.imported
    here = f"{manifest.provenance.steps:,} steps, seed {manifest.provenance.seed}"
    return {
        "trained": here if made is None else f"elsewhere: {made.dialect}, {made.file}, SHA-256 {made.sha256[:12]}",
        "measured": "\n".join(map(_result, manifest.results.items())) or "nothing recorded",
    }


def _result(entry: tuple[str, Any]) -> str:
    """Returns a line for one entry of the manifest's results."""
    name, value = entry
    try:
        low, high = value.get("rate_ci95", (0.0, 1.0))
        return f"{name}: {100 * value['rate']:.1f} % ({100 * low:.0f}-{100 * high:.0f})"
    except (AttributeError, KeyError, TypeError, ValueError):  # not what `evaluate` wrote; shown as it is
        return f"{name}: {value}"
