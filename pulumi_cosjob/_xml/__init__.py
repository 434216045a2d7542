"""From the bytes of a response to a typed description, held to the schema."""
