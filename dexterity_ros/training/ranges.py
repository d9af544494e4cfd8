"""What several training configurations have in common about their numbers."""

from dexterity_ros.contracts.ranges import Length, Range

EPOCHS = Range(1, 10_000, "at least one")
MINIBATCH = Range(1, 100_000_000, "at most all steps that are kept in memory")
LEARNING_RATE = Range(1e-9, 1.0, "of Adam; 0 would learn nothing")
WIDTH = Range(1, 100_000, "numbers of one layer of a network")
LAYERS = Length(0, 32, "layers of a small network; none = one linear layer")
STACK = Range(1, 1000, "observations side by side; 1 = the present one")
STD = Range(1e-3, 100.0, "raw actions are of order one")
STEPS = Range(1, 10**15, "the longest trainings known have 10^13")
HORIZON = Range(1, 1000, "actions of a chunk; ACT has 100, diffusion 16")
HEADS = Range(1, 1000, "of attention; they share the width")
TRANSFORMER_LAYERS = Range(1, 100, "of a small transformer")
