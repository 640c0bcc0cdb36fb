"""MixGen's tables and figures on real data: the papers' sets, models and tasks, from one folder."""
