"""What trained networks do when their domain changes."""
