"""Hold still: keep the object in the rotation that it has, against what pushes it."""

from dexterity_ros.tasks.hold.episode import judge
from dexterity_ros.tasks.reorient.goal import sample_goals
from dexterity_ros.tasks.reorient.privileged import CRITIC, TERMS
from dexterity_ros.tasks.reorient.reward import reward_terms
from dexterity_ros.tasks.task import Task

HOLD = Task(draw=sample_goals, judge=judge, reward=reward_terms, privileged=TERMS, critic=(*CRITIC, "goal_left"))
