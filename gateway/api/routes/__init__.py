"""One module a noun of the API. Each has a `router`; `gateway.api.application` puts them together."""
