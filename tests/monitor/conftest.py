"""The ledger, the broker and the tiny pipeline of the workflow's tests."""

from tests.synergy.workflow.conftest import broker, rows, tiny_pipeline

__all__ = ["broker", "rows", "tiny_pipeline"]
