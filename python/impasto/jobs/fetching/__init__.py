"""Images of a list of URLs, brought into shards: who may be asked, how often, what is taken, in which order it lies."""
