"""What style networks cost, step by step from the published one."""
