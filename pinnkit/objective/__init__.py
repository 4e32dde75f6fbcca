"""What shall vanish, and all that an optimizer may ask about it."""
