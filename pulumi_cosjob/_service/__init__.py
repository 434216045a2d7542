"""The request layer: settings, credentials, transport, and what responses mean."""
