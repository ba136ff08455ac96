"""One module for each family of models, each with `make()`."""
