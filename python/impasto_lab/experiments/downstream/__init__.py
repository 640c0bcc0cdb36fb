"""What pretraining with MixGen gives the tasks that models are used for: Tables 1 and 4, on a rendered world."""
