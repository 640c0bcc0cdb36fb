"""What pretrained models make of images and captions, with MixGen and without: their embeddings, and what they tell."""
