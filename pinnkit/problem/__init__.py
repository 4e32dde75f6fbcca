"""Problems: read from a file or made in Python, checked as mathematics, and written back."""
