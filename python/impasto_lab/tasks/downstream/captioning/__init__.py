"""Captions, told by a decoder."""
