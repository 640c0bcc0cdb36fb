"""Pieces of work on their way: in which processes, told apart from other runs, stopped and started."""
