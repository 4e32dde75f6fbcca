"""`python -m pinnkit` is `pinnkit`."""

from pinnkit.cli import main

if __name__ == "__main__":
    main()
