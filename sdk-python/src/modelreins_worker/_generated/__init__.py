"""Responsible for what is made from the contract: tables, classes, methods. Nothing here is written by hand."""
