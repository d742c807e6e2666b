"""Ways round the gateway (security: each is a test): refused, nothing happened on the server, and there is a record."""
