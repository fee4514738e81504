"""Look at sound and label it, inside a notebook."""

__version__ = "0.1.0"
