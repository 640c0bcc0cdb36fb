"""Packages that decode: each in a stock DataLoader, with the fastest way from its pixels to a view."""
