"""One request to an OpenAI-compatible endpoint, and one whole answer within its deadline. Nothing is tried again here.

The SDK's own time-out starts anew with each byte, so a server that drips defeats it: here the clock of the whole call counts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

import httpx2
import openai

from inference.llm.base import LOOK, MOST_BYTES, Declined, Provider, Reply, Unsure, Unusable
from synergy.core.errors import Cancelled

HOPELESS = (400, 401, 402, 403, 404, 413, 422)  #: asking again gives the same
CONNECT = 10.0  #: seconds


def post(to: Provider, body: Mapping[str, Any], key: str, stopped: Callable[[], bool] = lambda: False) -> Reply:
    """Ask for a chat completion; ``body`` is the request as the API has it, ``key`` goes with it as its idempotency key.

    Raises Declined (with ``retry_after`` where the provider said so), Unusable, Unsure, and Cancelled within LOOK of ``stopped``.
    """
    return asyncio.run(_within(_post(to, body, key), stopped, to.deadline))


async def _within(answer: Coroutine[Any, Any, Reply], stopped: Callable[[], bool], seconds: float) -> Reply:
    call = asyncio.create_task(answer)
    try:
        async with asyncio.timeout(seconds):
            while not call.done():
                if stopped():
                    raise Cancelled()
                await asyncio.wait([call], timeout=LOOK)
            return call.result()
    except TimeoutError:
        raise Unsure(f"The model did not answer within {seconds:.0f} s.") from None
    finally:
        call.cancel()


async def _post(to: Provider, body: Mapping[str, Any], key: str) -> Reply:
    client = openai.AsyncOpenAI(api_key=to.key, base_url=to.url, max_retries=0, timeout=None, http_client=_http())
    async with client:
        try:
            raw = await client.chat.completions.with_raw_response.create(**body, extra_headers={"Idempotency-Key": key})
            return read(json.loads(raw.content), str(body["model"]))
        except openai.APIStatusError as error:
            raise _declined(error) from None
        except openai.APIConnectionError as error:
            raise _broken(error) from None
        except ValueError as error:  # HTML where JSON was due
            raise Unsure(f"The model's answer cannot be read: {str(error)[:200]}") from None


def read(answer: Any, asked: str) -> Reply:
    """The reply in a parsed answer. Declined when it holds an error, Unsure when it is no completion at all."""
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        raise Declined(f"The model could not answer: {str(answer['error'].get('message'))[:200]}")
    try:
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        text, finish = choice["message"]["content"], choice["finish_reason"]
        cost = usage.get("cost")
        return Reply(
            text=text or "",
            model=str(answer.get("model") or asked)[:120],
            finish=str(finish or ""),
            tokens_in=_count(usage.get("prompt_tokens")),
            tokens_out=_count(usage.get("completion_tokens")),
            cost_usd=float(cost) if isinstance(cost, int | float) and 0 <= cost < 1e6 else None,
        )
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise Unsure(f"The model's answer is no completion ({type(error).__name__}).") from None


def _count(tokens: Any) -> int:
    """Tokens as the provider counted them; what is no sensible number counts as none."""
    return tokens if isinstance(tokens, int) and 0 <= tokens < 2**31 else 0


def _declined(error: openai.APIStatusError) -> Declined:
    words = f"The provider answered {error.status_code}."
    if error.status_code in HOPELESS:
        return Unusable(words)
    return Declined(words, retry_after=_seconds(error.response.headers.get("retry-after")))


def _seconds(header: str | None) -> float | None:
    """``Retry-After`` in seconds; a date, or nonsense, is as good as nothing."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e6 else None


def _broken(error: openai.APIConnectionError) -> Declined | Unsure:
    """Nothing was sent, or nobody knows what became of it."""
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Declined("The provider cannot be reached.")
    return Unsure(f"The connection to the provider broke: {type(cause).__name__}.")


class _Capped(httpx2.AsyncByteStream):
    """Breaks off when more than MOST_BYTES have come."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MOST_BYTES:
                raise httpx2.ReadError(f"The answer is longer than {MOST_BYTES} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Transport(httpx2.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Capped(response.stream)
        return response


def _http() -> httpx2.AsyncClient:
    """Without redirects, which would carry the key elsewhere, and without a time-out between bytes: the deadline counts."""
    return httpx2.AsyncClient(transport=_Transport(), follow_redirects=False, timeout=httpx2.Timeout(None, connect=CONNECT))
