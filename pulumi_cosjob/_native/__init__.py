"""Programs on the native plugin: provider, functions and gates."""
