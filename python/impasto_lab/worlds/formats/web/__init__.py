"""Lists of what lay on the web, and Visual Genome."""
