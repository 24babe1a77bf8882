"""Real PostgreSQL and Valkey out of wheels, and our own processes: started, watched, stopped."""

from synergy.embedded.client import Part, Running, session

__all__ = ["Part", "Running", "session"]
