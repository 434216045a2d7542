"""The `cosjob` command."""
