"""Parts of a batch that are read beside the core: all captions, columns of facts, labels that are facts."""
