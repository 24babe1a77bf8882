"""What the rest of Synergy may ask of inference: message → stack → plan, and search by similarity."""

from inference.passages import Neighbour, nearest, sync_passages

__all__ = ["Neighbour", "nearest", "sync_passages"]
