"""Prometheus metrics of one process. The statement path only adds to plain numbers; everything else is read at scrape time.

metrics.statement("allow", seconds)        once a statement, under 1 µs
metrics.watch("gateway_sessions", "…", lambda: len(sessions))
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

# Seconds that the gateway itself adds: from tens of microseconds (a cached verdict) to where an operator should look.
LATENCY_BOUNDS = (25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 1.0)

Reading = float | Mapping[str, float]


class Latency:
    """A histogram that costs one bisection and three additions an observation. In seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENCY_BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        cumulative, running = [], 0
        for bound, count in zip((*map(repr, LATENCY_BOUNDS), "+Inf"), self.counts, strict=True):
            running += count
            cumulative.append((bound, float(running)))
        return cumulative


class Metrics(Collector):
    """What one worker counts, and where it reads the rest.

    statements   by outcome: allow, deny, review, error (the server's own)
    taken        seconds from a statement's decision to the server's last word on it
    added        seconds of every wait that the gateway imposed; what passes at once is not among them
    logins       by result: accepted, refused
    """

    def __init__(self, worker: int = 0) -> None:
        self.statements: dict[str, int] = dict.fromkeys(("allow", "deny", "review", "error"), 0)
        self.logins: dict[str, int] = dict.fromkeys(("accepted", "refused"), 0)
        self.taken = Latency()
        self.added = Latency()
        self._worker = str(worker)
        self._gauges: dict[str, tuple[str, str, Callable[[], Reading]]] = {}
        self._counters: dict[str, tuple[str, str, Callable[[], Reading]]] = {}
        self._infos: dict[str, tuple[str, Callable[[], Mapping[str, str]]]] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def statement(self, outcome: str, seconds: float) -> None:
        """One statement is over, so long after it was decided."""
        self.statements[outcome] = self.statements.get(outcome, 0) + 1
        self.taken.observe(seconds)

    def waited(self, seconds: float) -> None:
        """A message waited for its decision, or a result for its record's way to the disk."""
        self.added.observe(seconds)

    def login(self, result: str) -> None:
        self.logins[result] = self.logins.get(result, 0) + 1

    def watch(self, name: str, documentation: str, read: Callable[[], Reading], *, label: str = "kind") -> None:
        """A gauge that is read when somebody scrapes: a number, or one per value of `label`."""
        self._gauges[name] = (documentation, label, read)

    def watch_total(self, name: str, documentation: str, read: Callable[[], Reading], *, label: str = "kind") -> None:
        """The same for a number that only grows (verdict cache hits); `_total` is added to its name."""
        self._counters[name] = (documentation, label, read)

    def watch_info(self, name: str, documentation: str, read: Callable[[], Mapping[str, str]]) -> None:
        """Text as labels of a constant 1: the policy's version."""
        self._infos[name] = (documentation, read)

    def render(self) -> bytes:
        """The text exposition format, for /metrics."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        yield self._counter("gateway_statements", "Statements decided, by outcome.", "outcome", self.statements)
        yield self._counter("gateway_logins", "Logins, by result.", "result", self.logins)
        yield self._histogram("gateway_statement_seconds", "From a statement's decision to its end.", self.taken)
        yield self._histogram("gateway_added_seconds", "Waits for a decision, and of results for their record.", self.added)
        for name, (documentation, label, read) in self._gauges.items():
            yield self._gauge(name, documentation, label, read())
        for name, (documentation, label, read) in self._counters.items():
            yield self._counter(name, documentation, label, read())
        for name, (documentation, read_info) in self._infos.items():
            info = InfoMetricFamily(name, documentation, labels=["worker"])
            info.add_metric([self._worker], dict(read_info()))
            yield info

    def _histogram(self, name: str, documentation: str, latency: Latency) -> Metric:
        family = HistogramMetricFamily(name, documentation, labels=["worker"])
        family.add_metric([self._worker], latency.buckets(), latency.total)
        return family

    def _gauge(self, name: str, documentation: str, label: str, reading: Reading) -> Metric:
        labelled = isinstance(reading, Mapping)
        family = GaugeMetricFamily(name, documentation, labels=["worker", label] if labelled else ["worker"])
        self._fill(family, reading)
        return family

    def _counter(self, name: str, documentation: str, label: str, reading: Reading) -> Metric:
        labelled = isinstance(reading, Mapping)
        family = CounterMetricFamily(name, documentation, labels=["worker", label] if labelled else ["worker"])
        self._fill(family, reading)
        return family

    def _fill(self, family: GaugeMetricFamily | CounterMetricFamily, reading: Reading) -> None:
        if isinstance(reading, Mapping):
            for value, number in reading.items():
                family.add_metric([self._worker, value], float(number))
        else:
            family.add_metric([self._worker], float(reading))
