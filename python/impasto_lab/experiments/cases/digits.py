"""Little data: scikit-learn's digits with captions."""

from __future__ import annotations

from impasto_lab.experiments.cases.hooks import name_digits, write_case
from impasto_lab.experiments.cases.settings import Digits
from impasto_lab.experiments.experiment import Claim, Experiment, Size

SETTINGS: dict[Size, Digits] = {
    "smoke": Digits(steps=2, batch_size=16, held=100),
    "small": Digits(),
}
IMAGES = SETTINGS["small"].images

EXPERIMENT = Experiment(
    name="digits",
    title="a case of little data: digits, named by captions",
    about="Trains a small dual encoder on 50 to 800 of scikit-learn's digits with captions, with MixGen and without, "
    "at equal steps, and names digits of other writers by the nearest caption. Ends with advice. At small size a "
    "training takes a core half a minute.",
    arms=tuple(f"{kind}-{count}" for count in IMAGES for kind in ("plain", "mixgen")),
    run=name_digits,
    page=write_case,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(8))},
    claims=tuple(Claim(better=f"mixgen-{count}", worse=f"plain-{count}", metric="accuracy") for count in IMAGES),
    packages=("scikit-learn",),
)
