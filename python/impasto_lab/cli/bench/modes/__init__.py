"""What verbs of ``impasto bench`` do when a flag asks for something else."""
