"""How long `pinnkit` takes to answer, as a table: the best and the median of several runs, each in a new process.

.venv/bin/python tests/benchmarks/startup.py
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

COMMANDS = (["--help"], ["--version"], ["list", "problems"], ["check", "burgers"])


def seconds(arguments: list[str]) -> float:
    """The time of one run, from the start of the process to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pinnkit", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Time every command and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs a command")
    runs = parser.parse_args().runs
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"Python {sys.version.split()[0]}, {runs} runs a command, load {load:.1f}\n")
    print("| command | best | median |\n|---|---|---|")
    for arguments in COMMANDS:
        seconds(arguments)  # writes the byte code, and warms the disk
        times = [seconds(arguments) for _ in range(runs)]
        print(f"| pinnkit {' '.join(arguments)} | {min(times):.2f} s | {statistics.median(times):.2f} s |")


if __name__ == "__main__":
    main()
