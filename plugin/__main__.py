"""Starts the plugin; the engine runs this folder in its virtual environment."""

from pulumi_cosjob._plugin import main

main()
