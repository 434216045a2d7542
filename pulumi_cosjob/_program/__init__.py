"""What both ways into a Python program share: arguments, options, outputs."""
