"""A dashboard is a file: a module with ``part``, a function that makes it. Its name is in the dashboard's address."""
