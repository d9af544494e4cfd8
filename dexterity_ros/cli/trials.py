"""dexterity trials"""

from pathlib import Path
from typing import Any

from dexterity_ros.bringup.person import ErringPerson, Person, Question
from dexterity_ros.cli.options.trials import TrialsOptions
from dexterity_ros.cli.output import console, figures_table, outcome_table, say, write_json
from dexterity_ros.cli.terminal_person import TerminalPerson
from dexterity_ros.cli.up import read_typed
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.manifest import bundle_id, load_manifest
from dexterity_ros.contracts.resources import resource
from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.trials.figures import trial_figures
from dexterity_ros.evaluation.trials.plan import OnTrial, TrialPlan, kept_plan, kept_seed
from dexterity_ros.evaluation.trials.sheet import SHEET_FILE, Sheet
from dexterity_ros.reporting.trials_page import trials_page
from dexterity_ros.runtime.ending import INTERRUPTED, interrupt_once
from dexterity_ros.systems.named_files import check_files
from dexterity_ros.systems.spec import load_system
from dexterity_ros.systems.trained import foreign_object
from dexterity_ros.systems.trials.causes import cause
from dexterity_ros.systems.trials.robot import TrialRobot, check_arguments, emulated, hand_on_trial
from dexterity_ros.systems.trials.row import DROPPED, IN_HAND, WHERE, RowOfTrials

_PAGE = "trials.html"


def trials(options: TrialsOptions) -> int:
    """Runs what the sheet lacks and prints what the trials add up to; status 1 when they ended early, 130 at Ctrl-C."""
    asked_to_end = interrupt_once()
    if options.episodes < 1:
        raise ConfigError(f"--episodes is {options.episodes}, expected at least 1")
    system = load_system(options.system)
    arguments, network = read_typed(system, options.arg)
    check_arguments(system, arguments)
    check_files(system.values(arguments) | {"policy": options.policy})
    if options.unattended and not emulated(system):
        raise ConfigError(f"--unattended is for emulated hands; with {system.name} a person puts the object in")
    asked = _asked(options, arguments)
    hand = hand_on_trial(system, arguments, asked.policies)
    plan = kept_plan(options.folder, asked)
    robot = TrialRobot(plan, hand, options.folder, network)
    sheet, person = Sheet(options.folder / SHEET_FILE, plan), _person(options, robot)
    _begin(plan, sheet, options)
    row = RowOfTrials(plan, sheet, robot, person, say=say, cause=cause, asked_to_end=asked_to_end)
    ended = row.run(options.episodes * len(plan.policies))
    _end(plan, sheet, ended, options)
    return 0 if not ended else 130 if ended == INTERRUPTED else 1


def _asked(options: TrialsOptions, arguments: dict[str, Any]) -> TrialPlan:
    preset, policies = load_protocol(options.protocol), _policies((options.policy, *options.against))
    first = load_manifest(resource(policies[0].bundle))
    arguments = {"object": first.object} | arguments
    for one in policies:
        manifest = load_manifest(resource(one.bundle))
        if warning := foreign_object(manifest, str(arguments["object"])):
            say(warning)
    return TrialPlan(
        protocol=options.protocol,
        task=preset.task,
        goals=preset.goals if options.goals is None else options.goals,
        episode_s=preset.episode_s,
        system=options.system,
        policies=policies,
        seed=kept_seed(options.folder, options.seed),
        arguments=arguments,
    )


def _policies(bundles: tuple[str, ...]) -> tuple[OnTrial, ...]:
    """Returns the policies, each under a name of its own. Raises ConfigError for the same one twice."""
    ids = [bundle_id(resource(bundle)) for bundle in bundles]
    if len(set(ids)) < len(ids):
        raise ConfigError(f"--policy and --against name the same policy twice: {list(bundles)}")
    names = [load_manifest(resource(bundle)).name for bundle in bundles]
    named = [name if names.count(name) == 1 else f"{name} {ids[k][:8]}" for k, name in enumerate(names)]
    return tuple(OnTrial(name=n, bundle=b, bundle_id=i) for n, b, i in zip(named, bundles, ids, strict=True))


def _person(options: TrialsOptions, robot: TrialRobot) -> Person:
    if not options.unattended:
        return TerminalPerson()

    def see(question: Question) -> str:
        if question.about != WHERE:
            return question.expected
        return IN_HAND if robot.truly_in_hand() else DROPPED

    return ErringPerson(see, wrong_share=0.0, seed=0)


def _begin(plan: TrialPlan, sheet: Sheet, options: TrialsOptions) -> None:
    done = len(sheet.counted)
    going = f"; {done} are done" if done else ""
    what = plan.policies[0].name if not plan.blind else f"{len(plan.policies)} policies, in a hidden order"
    say(f"{options.episodes} trials of each, {plan.protocol}, at most {plan.goals} goals: {what}{going}")
    say(f"sheet: {sheet.path}; Ctrl-C ends the trials, the same command goes on")


def _end(plan: TrialPlan, sheet: Sheet, ended: str, options: TrialsOptions) -> None:
    """Prints, draws and writes; what would tell who had which turn only when all trials are done."""
    open_now = not (plan.blind and ended)
    figures: dict[str, Any] = {"policies": [], "differences": []}
    if open_now and sheet.counted:
        sheet.reveal()
        figures = trial_figures(plan, sheet.counted)
        _print(plan, figures)
        _write_page(plan, sheet, figures, options.folder / _PAGE)
    if ended:
        console.print(ended if ended == INTERRUPTED else f"could not go on: {ended}", style="red", markup=False)
        say(f"{len(sheet.counted)} trials are on {sheet.path}; the same command goes on")
    head = {"folder": str(options.folder), "protocol": plan.protocol, "system": plan.system, "goals": plan.goals}
    rows = [sheet.shown(row, reveal=open_now) for row in sheet.rows]
    write_json(
        options.json, head | {"seed": plan.seed if open_now else None} | figures | {"episodes": rows, "ended": ended}
    )


def _print(plan: TrialPlan, figures: dict[str, Any]) -> None:
    rows = {row["policy"]: row for row in figures["policies"]}
    console.print(outcome_table(f"{plan.protocol} on {plan.system}", rows))
    for name, row in rows.items():
        if row["more_for_5_points"]:
            say(f"{name}: {row['more_for_5_points']} more trials until its rate is known to 5 points")
    for row in figures["differences"]:
        shown = {key: value for key, value in row.items() if key not in ("policy", "less")}
        console.print(figures_table(f"{row['policy']} less {row['less']}", shown))


def _write_page(plan: TrialPlan, sheet: Sheet, figures: dict[str, Any], path: Path) -> None:
    try:
        trials_page(plan, sheet, figures).write(path)
    except ConfigError as error:
        say(f"no page: {error}")
    else:
        say(f"page: {path}")
