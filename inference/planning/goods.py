"""What is bought and sold is goods, whatever it is called."""

from __future__ import annotations

from collections.abc import Sequence

from inference.planning.asks import Ask
from inference.planning.labels import head_phrase
from inference.planning.matching import core, term_in
from inference.planning.phrases import Phrase
from inference.planning.wordset import word_set

GOODS = "product"  #: archetype of what is traded and nothing else that is known
BOUGHT = {"buy", "sell", "purchase", "order"}  #: verbs whose objects are goods
SHOPS = word_set("shop store boutique webshop e-shop storefront e-commerce ecommerce marketplace")


def is_traded(phrase: Phrase, asks: Sequence[Ask]) -> bool:
    """Whether something is said to be bought or sold, or a shop to be for it, that the library does not know by name."""
    if term_in(core(phrase)):
        return False
    bought = any(ask.thing == phrase and ask.verb in BOUGHT for ask in asks)
    return bought or any(head_phrase(a) == phrase and SHOPS & set(a.thing) for a in asks if a.head and a.direct)
