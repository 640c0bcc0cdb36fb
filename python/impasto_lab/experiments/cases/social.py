"""Social media: noisy posts in several languages, joined."""

from __future__ import annotations

from impasto_lab.experiments.cases.hooks import join_posts, write_case
from impasto_lab.experiments.cases.settings import Social
from impasto_lab.experiments.experiment import Claim, Experiment, Size

SETTINGS: dict[Size, Social] = {"smoke": Social(posts=128, batch_size=32), "small": Social()}

EXPERIMENT = Experiment(
    name="social",
    title="a case of social media: what is lost where noisy posts are joined",
    about="Draws posts in six languages with hashtags, emoji, mentions and links, joins them as MixGen does, as they "
    "are and tidied, and counts tokens that no longer fit and phrases that are still whole. No model is trained. "
    "Ends with advice. Takes a minute.",
    arms=("raw", "tidied", "raw-fit", "raw-balance", "tidied-fit"),
    run=join_posts,
    page=write_case,
    settings=SETTINGS,
    seeds={"smoke": (0,), "small": tuple(range(4))},
    claims=(
        Claim(better="raw", worse="tidied", metric="cut"),
        Claim(better="tidied", worse="raw", metric="things kept"),
        Claim(better="raw-fit", worse="raw", metric="things kept"),
        Claim(better="raw-balance", worse="raw", metric="things kept"),
    ),
)
