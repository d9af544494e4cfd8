"""dexterity replay, compare"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.markup import escape

if TYPE_CHECKING:
    from dexterity_ros.replay.run_record import RunRecord
    from dexterity_ros.runtime.policy_pipeline import PolicyPipeline


def replay(
    bag: Annotated[Path, tyro.conf.Positional], /, policy: str = "", hand: str = "", json: Path | None = None
) -> int:
    """Run a recording through the same stages again, faster than real time, and say what comes out differently.

    Every stage is repeated from what was recorded before it: eyes (where images were recorded), inputs, observation,
    action, target, published target, gate. Status 1 when something differs, or when the bag is damaged, of which the
    rest is repeated. With --policy of another bundle: what that would have done with the same inputs.
    `dexterity up replay --arg bag:=BAG` plays a bag to live nodes instead.

    JSON keys: identical, damage, recorded_s, replay_s, times_real_time, perception_s, stages, a list of {stage,
    compared, differing, largest, first_s, unrepeatable, why}, terms and joints {name: {differing, largest, first_s}}.
    With --policy: damage, ticks, refused, agreement, joints {name: {rms_rad, largest_rad, first_s}}.

    Args:
        bag: bag folder or .mcap file.
        policy: another bundle; default: the one that ran, which must be here unchanged.
        hand: name or path in place of the hand that the bag names.
        json: write the result to this file.
    """
    from dexterity_ros.cli.output import console, figures_table, replay_table, say_damage, write_json
    from dexterity_ros.replay.offline import replay as repeat_run
    from dexterity_ros.replay.what_if import what_if
    from dexterity_ros.safety.limits import Tightening, gate_limits

    run = _run(bag, hand)
    pipeline = _pipeline(run, policy)
    if policy:
        answer = what_if(run, pipeline)
        rows = {name: ", ".join(f"{k} {v}" for k, v in row.items()) for name, row in answer.joints.items()}
        console.print(figures_table(f"{pipeline.manifest.name} on the inputs of {bag}", rows))
        agree = f"steps agree by {answer.agreement} (cosine)"
        console.print(f"{answer.ticks} ticks; {agree}; refused: {answer.refused or 0}")
        write_json(json, answer.as_dict() | {"damage": run.bag.damage})
        return say_damage(run.bag.damage, run.bag.doubts)
    result = repeat_run(run, pipeline, gate_limits(run.hand, pipeline.manifest, Tightening()))
    console.print(replay_table(str(bag), result.as_dict()))
    for stage in result.stages:
        if stage.unrepeatable:
            console.print(f"{stage.stage}: {stage.unrepeatable} cannot be repeated: {stage.why}", highlight=False)
    speed = result.recorded_s / result.replay_s
    said = "[red]different[/red]" if result.differing else "[red]what is left of it is the same[/red]"
    said = "[green]identical[/green]" if result.identical else said
    console.print(f"{said}: {result.recorded_s:.1f} s in {result.replay_s:.2f} s, {speed:.0f} times real time")
    if result.perception_s:
        speed = result.recorded_s / result.perception_s
        console.print(f"the eyes: {result.perception_s:.2f} s, {speed:.0f} times real time")
    write_json(json, result.as_dict())
    say_damage(run.bag.damage, run.bag.doubts)
    return int(not result.identical)


def compare(bag: Annotated[Path, tyro.conf.Positional], /, hand: str = "", json: Path | None = None) -> int:
    """Name the first thing that went wrong in a recording. Status 1 when there is one, for CI.

    Looks for a pose in another frame; simulates every single mistake in the hand (zero offset, sign, exchanged joints,
    half gain, late commands) from the recorded states and keeps the one that explains the joints' motion best; and
    checks ages, missing samples and each observation term against the range that the policy was trained on.

    A damaged bag is always a finding, the first.

    JSON keys: findings, a list of {kind, says, joints}, the first cause first; timing; ranges {term: {share, first_s,
    worst, worst_index, recorded, trained}}; diagnosis {clean_cost, windows, prediction_rms_rad, best}; skipped.

    Args:
        bag: bag folder or .mcap file.
        hand: name or path in place of the hand that the bag names.
        json: write the result to this file.
    """
    from dexterity_ros.cli.output import console, figures_table, say_damage, write_json
    from dexterity_ros.replay.compare import compare as compare_run

    run = _run(bag, hand)
    result = compare_run(run, run.manifest())
    console.print(figures_table("timing", result.timing))
    outside = {name: row for name, row in result.ranges.items() if row["share"] > 0.0}
    console.print(figures_table("outside the range of training", {k: _range_said(v) for k, v in outside.items()}))
    if result.diagnosis is not None:
        rms = result.diagnosis["prediction_rms_rad"]
        console.print(figures_table("joints mispredicted by, rad in 150 ms", rms))
    if result.skipped:
        console.print(f"[yellow]no diagnosis[/yellow]: {result.skipped}", highlight=False)
    for finding in result.findings:
        console.print(f"[red]{finding.kind}[/red]: {escape(finding.says)}", highlight=False)
    if not result.findings:
        console.print("[green]nothing found[/green]")
    write_json(json, result.as_dict())
    say_damage(run.bag.damage, run.bag.doubts)
    return int(bool(result.findings))


def _range_said(row: dict[str, Any]) -> str:
    worst = f"worst {row['recorded']} for {row['trained']}, number {row['worst_index']}"
    return f"{100 * row['share']:.1f} % of ticks, from {row['first_s']} s; {worst}"


def _run(bag: Path, hand: str) -> "RunRecord":
    from dexterity_ros.contracts.hand import load_hand
    from dexterity_ros.recording.bag_reader import Bag
    from dexterity_ros.replay.run_record import RunRecord

    return RunRecord(Bag(bag), load_hand(hand) if hand else None)


def _pipeline(run: "RunRecord", policy: str) -> "PolicyPipeline":
    from dexterity_ros.contracts.resources import resource
    from dexterity_ros.runtime.policy_pipeline import load_pipeline

    return load_pipeline(resource(policy) if policy else run.bundle(), run.hand)
