"""What the rest of Synergy may ask of inference: message → stack → plan, and search by similarity."""

from inference.calibration import calibrate
from inference.embeddings.base import DIMENSIONS
from inference.evaluation import cross_validation, evaluate_stacks
from inference.passages import Neighbour, embedder, nearest, sync_passages
from inference.stack import infer_stack
from inference.templates import seed_templates

__all__ = [
    "DIMENSIONS",
    "Neighbour",
    "calibrate",
    "cross_validation",
    "embedder",
    "evaluate_stacks",
    "infer_stack",
    "nearest",
    "seed_templates",
    "sync_passages",
]
