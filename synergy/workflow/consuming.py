"""The part of a worker that takes messages from the broker: Celery's own, but no broken connection ends the worker."""

from __future__ import annotations

from celery.worker.consumer import Consumer as CeleryConsumer


class Consumer(CeleryConsumer):
    """Celery closes a broken connection twice, and does not expect that the second time goes wrong.

    A Redis channel that waits for a message reads the answer before it closes. On a broken connection that fails, and the channel
    stays half open. When it is closed again it wants to give back the messages in hand, but the address is forgotten by then, and
    that error ends the worker. It happens when a worker that has work in hand and waits for more sees another of its connections
    break first. So no channel of a broken connection waits for an answer: what was on its way is sent again by the ledger.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        transport = self.connection and self.connection.transport
        for channel in getattr(transport, "channels", ()):  # not all kinds of brokers have them
            channel._in_poll = None
        super().on_connection_error_after_connected(exc)
