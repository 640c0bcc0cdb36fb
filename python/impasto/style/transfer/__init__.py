"""Style as an objective: losses, objectives for training, optimised pictures."""
