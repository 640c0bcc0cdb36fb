"""Values of a user's data in messages."""


def show(value: object) -> str:
    """A value, shortened, and its type."""
    shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    return f"{shown} ({type(value).__name__})"
