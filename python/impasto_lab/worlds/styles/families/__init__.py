"""The families of styles, by kind."""
