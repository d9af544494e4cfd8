"""dexterity bench conventions"""

from itertools import chain
from typing import Any

from dexterity_ros.bench.conventions import Outcome, clean, judge_plant, plants
from dexterity_ros.cli.options.bench_conventions import BenchConventionsOptions
from dexterity_ros.cli.output import console, figures_table, write_json
from dexterity_ros.contracts.errors import ConfigError
from dexterity_ros.contracts.hand import load_hand


def conventions(options: BenchConventionsOptions) -> int:
    """Prints what the probe names of what is planted; status 1 below the bar."""
    if options.plants < 0 or options.clean < 0 or options.episodes < 2:
        raise ConfigError(f"{options.plants} plants, {options.clean} clean, {options.episodes} episodes: too few")
    hand = load_hand("leap")
    outcomes: list[Outcome] = []
    for plant in chain(plants(hand, options.plants, options.seed), clean(hand, options.clean)):
        outcomes.append(judge_plant(plant, hand, episodes=options.episodes, seed=options.seed + len(outcomes)))
        console.print(_line(outcomes[-1]), highlight=False)
        write_json(options.json, _figures(outcomes))
    figures = _figures(outcomes)
    shown = {key: figures[key] for key in ("planted", "named", "clean", "accused", "cannot_tell")}
    console.print(figures_table("bench conventions", shown))
    enough = figures["named"] >= 0.9 * figures["planted"] and figures["accused"] <= 0.05 * figures["clean"]
    return 0 if enough else 1


def _line(outcome: Outcome) -> str:
    plant, said = outcome.plant, outcome.verdict
    right = "named" if outcome.named else said.verdict
    other = "" if said.other is None else f", best other {said.other.score:.2f} ({said.other.convention})"
    return f"{plant.policy}, planted {plant.planted}: {right}; as said {said.as_said.score:.2f}{other}"


def _figures(outcomes: list[Outcome]) -> dict[str, Any]:
    planted = [o for o in outcomes if o.plant.family]
    sound = [o for o in outcomes if not o.plant.family]
    return {
        "planted": len(planted),
        "named": sum(o.named for o in planted),
        "clean": len(sound),
        "accused": sum(o.verdict.verdict == "other" for o in sound),
        "cannot_tell": sum(o.verdict.verdict == "cannot_tell" for o in outcomes),
        "each": [
            {
                "policy": o.plant.policy,
                "family": o.plant.family,
                "planted": o.plant.planted,
                "verdict": o.verdict.verdict,
                "convention": o.verdict.convention,
                "named": o.named,
                "score": o.verdict.as_said.score,
                "other_score": None if o.verdict.other is None else o.verdict.other.score,
            }
            for o in outcomes
        ],
    }
