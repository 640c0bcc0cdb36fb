"""What is in a data set: the problems that are known, going over its rows, the report."""
