"""Every figure that the README quotes, each from one command: `python -m benchmarks NAME`.

machine         what it ran on, for the results
processes       the paths under test: server, gateway, pgbouncer, haproxy; their CPU time
point_queries   pgbench -S in three protocol modes
"""
