"""The description of a job: typed, frozen, and independent of where it comes from."""
