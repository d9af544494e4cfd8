"""Learning from demonstrations: one dataset, one trainer, one file per learner."""
