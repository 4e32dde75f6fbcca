"""A name with its unit, as pictures, reports and printed lines show it."""

from collections.abc import Mapping


def with_unit(name: str, units: Mapping[str, str]) -> str:
    """A name with its unit, `x [mm]`, as it is where it has none."""
    return f"{name} [{units[name]}]" if name in units else name
