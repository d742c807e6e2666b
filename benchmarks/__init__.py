"""Every figure that the README quotes, each from one command: `python -m benchmarks NAME`.

point_queries   pgbench -S in three protocol modes; audit strict and relaxed
latency         what a statement waits longer for, p50 and p99
large_result    a million rows; memory with a slow reader
copying         COPY out and in
first_seen      statements that nobody has sent before
connections     logins a second
idle_sessions   memory of two thousand sessions, and how soon a policy reaches them
decisions       10 … 100,000 rules
audit           the log by itself: records, commits, proof, search

mysql_point_selects   sysbench on MariaDB: point selects and its read-write mix, as text and prepared
mysql_first_seen      statements that nobody has sent before
mysql_large_result    a million rows, plain, counted, masked
mysql_idle_sessions   memory of five hundred sessions

compare         routes in turn, medians, ratios
processes       a route: a process in front of the server, its CPU and memory; gateway and others make them
pgbench, sysbench, drain  the clients
machine         what it ran on, for the results
"""
