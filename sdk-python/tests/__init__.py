"""Responsible for the tests that need no ModelReins server; `python -m unittest` in this folder's parent runs them against what is installed."""
