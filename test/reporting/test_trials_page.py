"""The page of trials names every policy, every trial and what the robot stopped for."""

import pytest

pytest.importorskip("matplotlib")

from dexterity_ros.evaluation.protocol import load_protocol
from dexterity_ros.evaluation.trials.figures import trial_figures
from dexterity_ros.evaluation.trials.plan import OnTrial, TrialPlan
from dexterity_ros.evaluation.trials.sheet import Ended, Outcome, Sheet, SheetRow
from dexterity_ros.reporting.trials_page import trials_page


@pytest.fixture
def made(tmp_path):
    policies = tuple(OnTrial(name=name, bundle=name, bundle_id=name) for name in ("mine", "other"))
    plan = TrialPlan(
        protocol="dactyl", task=load_protocol("dactyl").task, goals=5, episode_s=0.0, system="eyes",
        policies=policies, seed=1,
    )  # fmt: skip
    return plan, Sheet(tmp_path / "trials.csv", plan)


def test_a_page_shows_policies_their_difference_and_every_trial(made, tmp_path):
    plan, sheet = made
    for episode in (1, 2, 3, 4):
        ended = Ended(outcome=Outcome.DROPPED, by="camera", goal_times_s=(2.0,) * episode, lasted_s=9.0)
        sheet.add(SheetRow(episode=episode, policy="", ended=ended, cause="gain: <b>if_pip</b>"))
    stopped = Ended(outcome=Outcome.STOPPED, by="robot", detail="motor_hot: 71 C")
    sheet.add(SheetRow(episode=5, policy="", ended=stopped))
    page = trials_page(plan, sheet, trial_figures(plan, sheet.counted))
    page.write(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text()
    assert [section.title for section in page.sections] == ["Policies", "Beside each other", "Every trial"]
    assert page.alarms == ("trial 5: stopped, motor_hot: 71 C",)
    assert html.count("gain: &lt;b&gt;if_pip&lt;/b&gt;") == 4 and "<b>if_pip" not in html
    assert page.sections[0].figures[0].columns["trial"] == [1, 2, 3, 4, 5]


def test_a_page_of_one_policy_and_one_trial_claims_no_difference(made, tmp_path):
    plan, sheet = made
    sheet.add(SheetRow(episode=1, policy="", ended=Ended(outcome=Outcome.TIME_OUT, by="camera", lasted_s=80.0)))
    page = trials_page(plan, sheet, trial_figures(plan, sheet.counted))
    page.write(tmp_path / "page.html")
    assert "<td>no</td><td>not known yet</td>" in (tmp_path / "page.html").read_text()
