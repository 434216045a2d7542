"""What a provider's process knows of the engine that started it."""
