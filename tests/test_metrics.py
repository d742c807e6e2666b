"""Plain numbers in, the exposition format out."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import LATENCY_BOUNDS, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples
    }


def test_statements_are_counted_by_outcome_with_their_time_and_the_waits() -> None:
    metrics = Metrics(worker=1)
    metrics.statement("allow", 30e-6)
    metrics.statement("allow", 40e-3)
    metrics.statement("deny", 5.0)
    metrics.statement("opaque", LATENCY_BOUNDS[0])
    metrics.waited(3e-3)
    found = samples(metrics)
    assert found["gateway_statements_total", (("outcome", "allow"), ("worker", "1"))] == 2
    assert found["gateway_statements_total", (("outcome", "deny"), ("worker", "1"))] == 1
    assert found["gateway_statements_total", (("outcome", "review"), ("worker", "1"))] == 0
    assert found["gateway_statements_total", (("outcome", "opaque"), ("worker", "1"))] == 1
    assert found["gateway_statement_seconds_count", (("worker", "1"),)] == 4
    assert found["gateway_statement_seconds_bucket", (("le", "2.5e-05"), ("worker", "1"))] == 1
    assert found["gateway_statement_seconds_bucket", (("le", "5e-05"), ("worker", "1"))] == 2
    assert found["gateway_statement_seconds_bucket", (("le", "+Inf"), ("worker", "1"))] == 4
    assert abs(found["gateway_statement_seconds_sum", (("worker", "1"),)] - 5.040055) < 1e-9
    assert found["gateway_added_seconds_count", (("worker", "1"),)] == 1
    assert found["gateway_added_seconds_bucket", (("le", "0.005"), ("worker", "1"))] == 1


def test_watched_values_are_read_when_scraped() -> None:
    metrics = Metrics()
    sessions = 3
    metrics.watch("gateway_sessions", "Live sessions.", lambda: sessions)
    metrics.watch("gateway_audit_lag_records", "Records not yet on disk.", lambda: {"host-0": 7}, label="chain")
    metrics.watch_total("gateway_verdict_cache", "Look-ups.", lambda: {"hit": 10, "miss": 2}, label="result")
    metrics.watch_info("gateway_policy", "The policy that decides.", lambda: {"version": "abc"})
    assert samples(metrics)["gateway_sessions", (("worker", "0"),)] == 3
    sessions = 4
    found = samples(metrics)
    assert found["gateway_sessions", (("worker", "0"),)] == 4
    assert found["gateway_audit_lag_records", (("chain", "host-0"), ("worker", "0"))] == 7
    assert found["gateway_verdict_cache_total", (("result", "hit"), ("worker", "0"))] == 10
    assert found["gateway_policy_info", (("version", "abc"), ("worker", "0"))] == 1


def test_logins_are_counted() -> None:
    metrics = Metrics()
    metrics.login("refused")
    assert samples(metrics)["gateway_logins_total", (("result", "refused"), ("worker", "0"))] == 1
    assert samples(metrics)["gateway_logins_total", (("result", "accepted"), ("worker", "0"))] == 0
