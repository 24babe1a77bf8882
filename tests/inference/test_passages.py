import pytest
from django.db import connection

from inference.models import Passage
from inference.services import nearest, sync_passages

LIBRARY = {
    "order": ["orders of customers", "purchases in a shop"],
    "customer": ["people who buy something", "clients and their addresses"],
    "invoice": ["bills that have to be paid"],
}

pytestmark = pytest.mark.django_db


def keys(found):
    return [n.key for n in found]


def test_the_nearest_keys_come_first_and_only_once():
    sync_passages("thing", LIBRARY)
    orders, bills = nearest("thing", ["track what customers ordered", "send a bill"], 3)
    assert keys(orders)[0] == "order"
    assert keys(bills)[0] == "invoice"
    assert sorted(keys(orders)) == sorted(LIBRARY)
    assert orders[0].text in LIBRARY["order"]
    assert 1 >= orders[0].similarity > orders[1].similarity > orders[2].similarity


def test_k_limits_the_keys():
    sync_passages("thing", LIBRARY)
    assert len(nearest("thing", ["orders"], 1)[0]) == 1


def test_libraries_do_not_mix():
    sync_passages("thing", LIBRARY)
    sync_passages("place", {"harbour": ["orders of customers"]})
    assert keys(nearest("place", ["orders of customers"])[0]) == ["harbour"]
    assert nearest("unknown", ["orders"]) == [[]]
    assert nearest("thing", []) == []


def test_vectors_of_another_model_are_never_compared():
    sync_passages("thing", LIBRARY)
    Passage.objects.update(model="another")
    assert nearest("thing", ["orders"]) == [[]]


def test_an_unchanged_library_costs_one_query(django_assert_num_queries):
    assert sync_passages("thing", LIBRARY) == 5
    with django_assert_num_queries(1):
        assert sync_passages("thing", LIBRARY) == 0


def test_what_left_the_library_is_no_longer_found():
    sync_passages("thing", LIBRARY)
    assert sync_passages("thing", {"order": LIBRARY["order"], "boat": ["ships and boats"]}) == 4
    assert sorted(Passage.objects.values_list("key", flat=True)) == ["boat", "order", "order"]
    assert sync_passages("thing", {}) == 3


def test_the_search_can_use_the_index():
    sync_passages("thing", LIBRARY)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT key FROM inference_passage ORDER BY vector <=> %s::vector LIMIT 3", [str([0.1] * 384)])
        assert any("passage_vector_hnsw" in line for (line,) in cursor.fetchall())
