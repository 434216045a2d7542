"""What `make release` puts into `dist/`: one module for each kind of file, and what still has to be decided."""
