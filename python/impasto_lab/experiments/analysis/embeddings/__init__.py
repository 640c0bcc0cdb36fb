"""How a model of two towers lays out images and captions, and what changes where it is trained otherwise."""
