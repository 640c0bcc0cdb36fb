"""COCO's JSON: captions, and instances with boxes and masks."""
