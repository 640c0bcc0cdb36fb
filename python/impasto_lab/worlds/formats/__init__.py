"""One writer for each format that `impasto.sources` reads, and where the files of a world lie."""
