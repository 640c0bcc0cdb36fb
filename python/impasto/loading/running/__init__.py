"""What works ahead of the training step: threads, processes, and the memory that batches lie in."""
