"""Medical pictures with reports, mixed: what is contradicted, and what can still be seen."""

from __future__ import annotations

from impasto_lab.experiments.cases.hooks import mix_reports, write_case
from impasto_lab.experiments.cases.settings import Medical
from impasto_lab.experiments.experiment import Claim, Experiment, Size

SETTINGS: dict[Size, Medical] = {"smoke": Medical(tiles=16, batch_size=8, batches=2), "small": Medical()}

EXPERIMENT = Experiment(
    name="medical",
    title="a case of medical pictures: what MixGen does to a report",
    about="Cuts parts out of a retina and of stained tissue (scikit-image's), each with a report that asserts what is "
    "in it and denies what is not, mixes them, and counts: contradictions, findings in two places, contrast that is "
    "left. No model is trained, nothing is scored, and nothing is said of health. Ends with advice. Takes a minute.",
    arms=("mixgen", "one-subject", "lam-0.8", "cut"),
    run=mix_reports,
    page=write_case,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(4))},
    claims=(
        Claim(better="one-subject", worse="mixgen", metric="contradicted"),
        Claim(better="lam-0.8", worse="mixgen", metric="own detail"),
        Claim(better="cut", worse="mixgen", metric="findings gone"),
    ),
    packages=("scikit-image", "scipy"),
)
