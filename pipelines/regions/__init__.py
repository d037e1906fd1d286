"""The stage ``regions``: pictures in, Faster R-CNN region features out."""
