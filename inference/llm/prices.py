"""What a call may cost at most, and what it did cost, in US dollars."""

from __future__ import annotations

from genai_prices import Usage, calc_price

from inference.llm.base import Reply

#: per token, in and out, of a model that the price list does not know: dearer than any that is likely to be chosen
UNKNOWN = (20e-6, 100e-6)


def worst(model: str, prompt_bytes: int, max_tokens: int) -> float:
    """The most that a request can cost: a token has at least one byte, and no more than ``max_tokens`` come back."""
    return price(model, prompt_bytes, max_tokens)


def spent(asked: str, reply: Reply) -> float:
    """What the provider says that it charged; else by the price list, and for the dearer of the two models."""
    if reply.cost_usd is not None:
        return reply.cost_usd
    return max(price(model, reply.tokens_in, reply.tokens_out) for model in {asked, reply.model})


def price(model: str, tokens_in: int, tokens_out: int) -> float:
    try:
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
        return float(calc_price(usage, model, provider_id="openrouter").total_price)
    except LookupError:
        return tokens_in * UNKNOWN[0] + tokens_out * UNKNOWN[1]
