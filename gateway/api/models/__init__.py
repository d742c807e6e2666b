"""What goes in and out, as JSON: one module a noun, as the routes have.

Nothing that goes out has a field for a secret, but a new token.
"""
