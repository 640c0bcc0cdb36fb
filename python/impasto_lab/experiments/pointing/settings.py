"""How much is looked at."""

#: Expressions, and questions, among which those that are shown are looked for.
LOOKED_AT = 60
