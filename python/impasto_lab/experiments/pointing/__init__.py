"""Where models look for an expression, with MixGen and without: Table 5 and Figure 4, on a rendered world."""
