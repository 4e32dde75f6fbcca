"""Where a problem lives: domains, their faces and measures, as NumPy values."""

from pinnkit.geometry.box import Box, BoxFace, box_of, face_of

__all__ = ["Box", "BoxFace", "box_of", "face_of"]
