"""dexterity replay"""

from pathlib import Path

from dexterity_ros.cli.options.replay import ReplayOptions
from dexterity_ros.cli.output import console, figures_table, replay_table, say, say_damage, write_json
from dexterity_ros.contracts.hand import load_hand
from dexterity_ros.contracts.resources import resource
from dexterity_ros.recording.bag_reader import Bag
from dexterity_ros.replay.offline import ReplayResult
from dexterity_ros.replay.offline import replay as repeat_run
from dexterity_ros.replay.run_record import RunRecord
from dexterity_ros.replay.what_if import what_if
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, load_pipeline
from dexterity_ros.safety.limits import Tightening, gate_limits


def replay(options: ReplayOptions) -> int:
    """Repeats a recording with the policy that ran, or asks another one; returns the status."""
    run = read_run(options.bag, options.hand)
    folder = resource(options.policy) if options.policy else run.bundle(other="--policy")
    pipeline = load_pipeline(folder, run.hand)
    if options.policy:
        return _ask_another(run, pipeline, options)
    return _repeat(run, pipeline, options)


def read_run(bag: Path, hand: str) -> RunRecord:
    """Returns a recorded run. hand: name or path in place of the one that the bag names, or empty."""
    return RunRecord(Bag(bag), load_hand(hand) if hand else None)


def _ask_another(run: RunRecord, pipeline: PolicyPipeline, options: ReplayOptions) -> int:
    """Prints what another policy would have done; status 1 for a damaged bag."""
    with console.status(f"asking about {run.bag.duration_s:.0f} s of recording"):
        answer = what_if(run, pipeline)
    rows = {name: ", ".join(f"{k} {v}" for k, v in row.items()) for name, row in answer.joints.items()}
    console.print(figures_table(f"{pipeline.manifest.name} on the inputs of {options.bag}", rows))
    agree = f"steps agree by {answer.agreement} (cosine)"
    console.print(f"{answer.ticks} ticks; {agree}; refused: {answer.refused or 0}")
    write_json(options.json, answer.as_dict() | {"damage": run.bag.damage})
    return say_damage(run.bag.damage, run.bag.doubts)


def _repeat(run: RunRecord, pipeline: PolicyPipeline, options: ReplayOptions) -> int:
    """Prints what comes out differently; status 1 when something does."""
    with console.status(f"repeating {run.bag.duration_s:.0f} s of recording"):
        result = repeat_run(run, pipeline, gate_limits(run.hand, pipeline.manifest, Tightening()))
    console.print(replay_table(str(options.bag), result.as_dict()))
    for stage in result.stages:
        if stage.unrepeatable:
            say(f"{stage.stage}: {stage.unrepeatable} cannot be repeated: {stage.why}")
    _say_outcome(result)
    write_json(options.json, result.as_dict())
    say_damage(run.bag.damage, run.bag.doubts)
    return int(not result.identical)


def _say_outcome(result: ReplayResult) -> None:
    said = "[red]different[/red]" if result.differing else "[red]what is left of it is the same[/red]"
    said = "[green]identical[/green]" if result.identical else said
    speed = result.recorded_s / result.replay_s
    console.print(f"{said}: {result.recorded_s:.1f} s in {result.replay_s:.2f} s, {speed:.0f} times real time")
    if result.perception_s:
        speed = result.recorded_s / result.perception_s
        console.print(f"the eyes: {result.perception_s:.2f} s, {speed:.0f} times real time")
