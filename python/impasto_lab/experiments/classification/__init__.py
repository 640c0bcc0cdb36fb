"""Does style randomization help to name images, when, at which strength and ratio, and against what?"""
