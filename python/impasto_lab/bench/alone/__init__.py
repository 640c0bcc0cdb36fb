"""The loader without its peers: on one's own data, and against how much there is."""
