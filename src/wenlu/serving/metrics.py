"""What a service counts. Label values are looked up once, not on the path of a request."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
_TEXTS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The metrics of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "wenlu_requests", "Requests answered, by route and HTTP status", ("route", "code"), registry=self.registry
        )
        self._refused = Counter("wenlu_refused", "Requests refused, by reason", ("reason",), registry=self.registry)
        self._texts = Counter("wenlu_texts", "Texts answered", registry=self.registry)
        self._batch = Histogram("wenlu_batch_texts", "Texts in a batch", buckets=_TEXTS, registry=self.registry)
        self._waiting = Gauge("wenlu_waiting_texts", "Texts that wait for a batch", registry=self.registry)
        self._model = Gauge(
            "wenlu_model_info", "The model that answers", ("name", "version", "architecture"), registry=self.registry
        )
        seconds = Histogram(
            "wenlu_stage_seconds",
            "Time of a stage: queue (waits for a batch), infer (the batch is computed), whole (a request)",
            ("stage",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._queue, self._infer, self._whole = (seconds.labels(stage) for stage in ("queue", "infer", "whole"))
        self._cache = Counter(
            "wenlu_cache_texts",
            "Texts, by where their answer was: in_flight (being computed), memory, disk, or nowhere",
            ("tier",),
            registry=self.registry,
        )
        self._cached_by = {tier: self._cache.labels(tier) for tier in ("in_flight", "memory", "disk", "nowhere")}
        self._saved = Counter(
            "wenlu_cache_saved_seconds",
            "Time that answers which were kept took when they were computed",
            registry=self.registry,
        )
        self._cache_bytes = Gauge(
            "wenlu_cache_bytes", "Bytes of answers that are kept", ("tier",), registry=self.registry
        )
        self._cache_entries = Gauge("wenlu_cache_entries", "Answers that are kept in memory", registry=self.registry)
        self._cache_faults = Gauge(
            "wenlu_cache_disk_faults", "Times that answers could not be read or kept on disk", registry=self.registry
        )
        self._requests_by: dict[tuple[str, int], Counter] = {}
        ProcessCollector(registry=self.registry)

    def answered(self, route: str, code: int, seconds: float) -> None:
        """A request to `route` was answered with `code`."""
        child = self._requests_by.get((route, code))
        if child is None:
            child = self._requests_by[route, code] = self._requests.labels(route, str(code))
        child.inc()
        self._whole.observe(seconds)

    def refused(self, reason: str) -> None:
        """A request was refused; `reason` is the code of the error."""
        self._refused.labels(reason).inc()

    def waited(self, seconds: float) -> None:
        """A request waited so long for its batch."""
        self._queue.observe(seconds)

    def computed(self, texts: int, seconds: float) -> None:
        """A batch was computed."""
        self._texts.inc(texts)
        self._batch.observe(texts)
        self._infer.observe(seconds)

    def cached(self, tier: str, seconds: float) -> None:
        """The answer to a text was there already; it had taken so many seconds to compute."""
        self._cached_by[tier].inc()
        self._saved.inc(seconds)

    def not_cached(self, texts: int) -> None:
        """Texts have to be computed."""
        self._cached_by["nowhere"].inc(texts)

    def watch_cache(
        self,
        *,
        entries: Callable[[], int],
        memory: Callable[[], int],
        disk: Callable[[], int],
        faults: Callable[[], int],
    ) -> None:
        """Ask these whenever somebody reads the metrics: answers in memory, bytes there and on disk, faults."""
        self._cache_entries.set_function(entries)
        self._cache_bytes.labels("memory").set_function(memory)
        self._cache_bytes.labels("disk").set_function(disk)
        self._cache_faults.set_function(faults)

    def watch_waiting(self, count: Callable[[], int]) -> None:
        """Ask `count` for the texts that wait, whenever somebody reads the metrics."""
        self._waiting.set_function(count)

    def name_model(self, *, name: str, version: str, architecture: str) -> None:
        self._model.labels(name, version, architecture).set(1)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
