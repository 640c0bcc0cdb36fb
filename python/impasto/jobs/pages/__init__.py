"""Pages with pictures: one HTML file each, which opens offline."""
