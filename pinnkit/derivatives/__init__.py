"""Derivatives of networks: one Taylor sweep (jets), nested reverse mode beside it, and the Jacobian of rows."""
