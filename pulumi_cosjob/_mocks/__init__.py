"""Mocks for unit tests of programs."""
