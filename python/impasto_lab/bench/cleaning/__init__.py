"""What cleaning finds of what was put there, and what it takes."""
