"""Texts of contracts with their vectors, kept by content: the same operation is embedded once for all runs."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5
from pgvector.django import HnswIndex, VectorField

from inference.embeddings.base import DIMENSIONS


class ContractText(models.Model):
    """An operation or a part of one, as words."""

    text = models.TextField()
    model = models.CharField(max_length=80, help_text="The embedding model the vector is from.")
    vector = VectorField(dimensions=DIMENSIONS)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("model", MD5("text"), name="contract_text_once")]
        indexes = [HnswIndex(name="contract_text_vector_hnsw", fields=["vector"], opclasses=["vector_cosine_ops"])]

    def __str__(self) -> str:
        return self.text[:80]
