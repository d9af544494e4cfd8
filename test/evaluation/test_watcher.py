"""Who waits for trials hears how far they are, and who watches sees everything as before."""

from types import SimpleNamespace

import numpy as np

from dexterity_ros.evaluation.outcomes import GoalOutcome
from dexterity_ros.evaluation.watcher import ProgressWatcher


class Other:
    def __init__(self):
        self.seen, self.heard = [], []

    def see(self, view):
        self.seen.append(view)

    def ended(self, episode, outcome, *, dropped):
        self.heard.append((episode, outcome.reached, dropped))


def test_it_says_how_many_episodes_are_over_and_how_many_goals_were_reached_and_lets_another_watch():
    said, other = [], Other()
    watcher = ProgressWatcher("still_hand", said.append, other)
    view = SimpleNamespace(now_ns=3_000_000_000, live=np.array([True, False, True, False]))
    watcher.ended(1, GoalOutcome(reached=True, time_s=1.0, angle_rad=1.0), dropped=False)
    watcher.ended(3, GoalOutcome(reached=False, time_s=2.0, angle_rad=1.0), dropped=True)
    watcher.see(view)
    assert said == ["still_hand, after 3 simulated s: 2 of 4 episodes are over, 1 of 2 goals reached"]
    assert other.seen == [view] and other.heard == [(1, True, False), (3, False, True)]
