import pytest

from inference.planning.clean import LONGEST, clean_message
from synergy.core.errors import BadInput


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("\u200b\u2060", "empty"),
        ("🎉🎉🎉", "no words"),
        ("?!… — 42", "no words"),
        ("x" * (LONGEST + 1), "20,001"),
        ("track orders " * 8000, "at most 20,000"),
        ("PK\x03\x04\x00\x00build", "binary"),
        ("\ufffd\ufffd\ufffd\ufffdJFIF", "binary"),
        ("track \ud800\ud801\ud802 orders", "binary"),
        ("我想要一个管理订单的网站", "another script"),
        ("Сделай сайт для моей пекарни", "another script"),
        ("أريد موقعا لإدارة الطلبات", "another script"),
        ("Erstelle bitte eine Webseite für die Bestellungen und Kunden meiner Bäckerei", "German"),
        ("Je veux une application pour gérer les commandes et les clients", "French"),
        ("Quiero una aplicación para gestionar los pedidos y los clientes", "Spanish"),
        ("Vorrei un sito per la mia pizzeria con le prenotazioni", "Italian"),
        ("Ik wil een website voor mijn bakkerij met bestellingen en klanten", "Dutch"),
        ("Quero criar um site para os meus clientes com uma loja", "Portuguese"),
    ],
)
def test_what_cannot_be_built_from_is_refused_with_a_way_out(text, says):
    with pytest.raises(BadInput) as refusal:
        clean_message(text)
    assert says in str(refusal.value)
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Track\u00a0 orders \n and\tinvoices ", "Track orders and invoices"),
        ("Build a \x1b[31mred\x1b[0m app\x07", "Build a red app"),
        ("Build\u202e an\u2066 app\ufeff with \U000e0041orders", "Build an app with orders"),
        ("Cafe\u0301 menu", "Café menu"),
        ("Track:\n- orders\n- customers\n\nUsers can log in.", "Track: orders; customers. Users can log in."),
        ("one line\nthat goes on", "one line that goes on"),
        ("Booking site for Café de la Paix", "Booking site for Café de la Paix"),
        ("A shop for Müller & Söhne in Köln 🍞", "A shop for Müller & Söhne in Köln 🍞"),
        ("inventory", "inventory"),
    ],
)
def test_what_cannot_be_seen_is_taken_out_and_the_words_stay(text, clean):
    assert clean_message(text) == clean


def test_cleaning_twice_changes_nothing():
    once = clean_message("Features:\n1. Search\n2) Sort\n\n\nBuild\tit!")
    assert clean_message(once) == once


def test_a_key_pasted_by_mistake_is_never_kept():
    key = "sk-" + "proj-abcDEF1234567890abcDEF1234567890"
    assert clean_message(f"Track orders. Use my key {key} for it.") == "Track orders. Use my key [redacted] for it."
