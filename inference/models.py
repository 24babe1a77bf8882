"""What is found by similarity, and the numbers that turn a similarity into a probability."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import MD5
from pgvector.django import HnswIndex, VectorField

from inference.embeddings.base import DIMENSIONS


class StackTemplate(models.Model):
    """A stack a message can ask for, seeded from ``fixtures/stacks/<slug>/``."""

    slug = models.SlugField(primary_key=True)
    title = models.CharField(max_length=80)
    sentence = models.TextField(help_text="What it is, in one sentence.")
    paragraph = models.TextField(help_text="The same with its words of art.")
    blueprint = models.BooleanField(default=False, help_text="Projects can be built with it; the others are only recognised.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class StackProposal(models.Model):
    """A stack that a model described because a message asked for it. A person decides whether messages may find it."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"

    slug = models.SlugField(primary_key=True)
    title = models.CharField(max_length=80)
    sentence = models.TextField(help_text="What it is, in one sentence.")
    paragraph = models.TextField(help_text="The same with its words of art.")
    exemplars = models.JSONField(help_text="Messages that ask for it.")
    message = models.TextField(help_text="The message that asked for it first.")
    model = models.CharField(max_length=80, help_text="The model that described it.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class Exemplar(models.Model):
    """A text that stands for one class of messages: a stack, or one of the two classes without a stack."""

    class Label(models.TextChoices):
        STACK = "stack", "asks for a stack"
        GENERIC = "generic", "a web application, any stack will do"
        OUTSIDE = "outside", "outside what Synergy builds"

    label = models.CharField(max_length=8, choices=Label.choices)
    template = models.ForeignKey(StackTemplate, on_delete=models.CASCADE, null=True, blank=True, related_name="exemplars")
    text = models.TextField()
    model = models.CharField(max_length=80, help_text="The embedding model the vector is from.")
    vector = VectorField(dimensions=DIMENSIONS)

    class Meta:
        constraints = [
            models.UniqueConstraint("model", MD5("text"), name="exemplar_text_once"),
            models.CheckConstraint(
                condition=models.Q(label="stack", template__isnull=False) | ~models.Q(label="stack") & models.Q(template=None),
                name="exemplar_stack_has_template",
            ),
        ]
        indexes = [HnswIndex(name="exemplar_vector_hnsw", fields=["vector"], opclasses=["vector_cosine_ops"])]

    def __str__(self) -> str:
        return self.text[:80]


class Passage(models.Model):
    """Any other text that is found by similarity: ``kind`` is the library it belongs to, ``key`` what it stands for."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    text = models.TextField()
    model = models.CharField(max_length=80, help_text="The embedding model the vector is from.")
    vector = VectorField(dimensions=DIMENSIONS)

    class Meta:
        constraints = [models.UniqueConstraint("model", "kind", "key", MD5("text"), name="passage_text_once")]
        indexes = [HnswIndex(name="passage_vector_hnsw", fields=["vector"], opclasses=["vector_cosine_ops"])]

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"


class Calibration(models.Model):
    """Parameters that turn similarities into a probability. They hold for one embedding model and one set of exemplars."""

    model = models.CharField(max_length=80)
    exemplars = models.CharField(max_length=64, help_text="SHA-256 of the set of exemplars it was fitted for.")
    parameters = models.JSONField()
    adopted_by = models.CharField(max_length=150, blank=True, help_text="Who adopted it; empty for the one that ships.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "exemplars"], name="calibration_once")]

    def __str__(self) -> str:
        return f"{self.model} / {self.exemplars[:12]}"


class ModelGate(models.Model):
    """The gate before a model provider while Valkey is away, see ``inference.llm.gate``."""

    name = models.CharField(max_length=40, primary_key=True)
    state = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
