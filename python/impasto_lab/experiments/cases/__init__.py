"""Case studies: little data, medical pictures, social media; each ends with advice from what was measured."""
