"""Where the true image stands among all, before and after: Figure 5, on a rendered world."""
