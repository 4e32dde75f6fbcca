"""Benchmarks are commands: what lies here is not collected."""

collect_ignore_glob = ["*.py"]
