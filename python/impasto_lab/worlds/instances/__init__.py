"""Several things an image, with boxes and masks; color, texture and ground are shortcuts that a shift breaks."""
