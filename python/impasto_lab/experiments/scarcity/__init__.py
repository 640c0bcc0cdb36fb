"""MixGen where data is scarce: Figure 3 and the retrieval rows of Table 3, on rendered scenes."""
