"""Responsible for running jobs: the worker and its parts. Callers use the names that the package exports."""
