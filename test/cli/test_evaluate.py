"""What `evaluate` refuses before it simulates anything."""

from dataclasses import replace
from pathlib import Path

import pytest

from dexterity_ros.cli.evaluate import evaluate
from dexterity_ros.cli.options.evaluate import EvaluateOptions
from dexterity_ros.contracts.errors import ConfigError

POLICY = EvaluateOptions(bundle=Path("models/policies/leap_so3_reinforced"))
PLANNER = EvaluateOptions(bundle=Path("planner"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (replace(PLANNER, autopsy=Path("somewhere")), "asked of a policy bundle"),
        (replace(PLANNER, sweep="noise"), "asked of a policy bundle"),
        (replace(POLICY, recovery=False, recovery_spec="decoy"), "says not at all"),
        (replace(POLICY, recovery_spec="nothing_of_this_name"), "decoy"),
        (replace(PLANNER, keep=True), "bundle's own figures, not for planner"),
        (replace(POLICY, keep=True, recovery_spec="decoy"), "not for --recovery-spec"),
        (replace(POLICY, autopsy=Path("somewhere"), sweep="noise"), "ask one at a time"),
    ],
)
def test_questions_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        evaluate(options)
