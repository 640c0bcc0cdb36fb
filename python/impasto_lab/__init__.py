"""What is done with impasto: worlds, models, training, experiments, benches. It uses the library as any user."""

"""What is done with impasto: worlds, models, training, experiments, benches. It uses the library as any user."""
