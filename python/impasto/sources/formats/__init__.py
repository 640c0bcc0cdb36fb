"""One file for each format of data sets, on disk or in memory."""
