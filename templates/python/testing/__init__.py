"""Helpers of the tests. Not emitted."""
