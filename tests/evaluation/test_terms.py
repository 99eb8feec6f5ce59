"""Terms are found however they are written, and counted once a segment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.recordings import Segment
from evaluation.terms import TermError, TermScore, occurrences, targets, term_score
from tongchuan.events import Term


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("photovoltaic panel", "Sixty Photovoltaic panels."),
        ("photovoltaic panels", "a photovoltaic panel"),
        ("survival bias", "so, survival-bias it is"),
        ("e-mail", "an email"),
        ("email", "an E-mail!"),
        ("Wan-Bissaka", "passed to Wan Bissaka"),
        ("battery", "the batteries’ charge"),
        ("process", "two processes"),
        ("house", "houses"),
        ("Mark", "Mark's approach"),
        ("McDonald's", "at McDonalds"),
        ("the co-chair", "she is co-chair"),
        ("US", "the U.S. government"),
        ("27,000", "27000 people"),
        ("５Ｇ", "5G networks"),
        ("Man United/Manchester United", "Man United won"),
        ("Man United/Manchester United", "Manchester United won"),
        ("Conference of the Parties (COP)", "at COP today"),
        ("Conference of the Parties (COP)", "the conference of the parties"),
    ],
)
def test_writing_does_not_matter_in_english(term: str, text: str) -> None:
    assert occurrences(term, text, "en")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("idea", "ideals"),
        ("ID", "an idea"),
        ("AI", "I had a, I mean, problem"),
        ("load balancing", "load is balancing"),
        ("class", "clas"),
        ("gas", "ga"),
        ("TCP/IP", "IP only"),
        ("3.5", "35"),
        ("…", "and … so"),
        ("", "anything"),
    ],
)
def test_other_words_are_not_the_term(term: str, text: str) -> None:
    assert not occurrences(term, text, "en")


def test_terms_in_chinese_are_found_by_character() -> None:
    assert occurrences("负载均衡", "用不同指标做負載均衡。", "zh") == [(6, 10)]
    assert occurrences("API网关", "通过 api 网关", "zh") == [(3, 9)]
    assert occurrences("API", "我们的APIs很快", "zh") == [(3, 7)]
    assert not occurrences("AI", "MAIN函数", "zh")
    assert not occurrences("负载均衡", "负载很均衡", "zh")


def test_places_are_those_of_the_text_as_written() -> None:
    text = "Load-balancing, then load balancing"
    assert [text[start:end] for start, end in occurrences("load balancing", text, "en")] == [
        "Load-balancing",
        "load balancing",
    ]


@given(
    st.lists(st.text("bcdéf", min_size=1, max_size=6), min_size=1, max_size=3),
    st.text("xyz ,.", max_size=8),
    st.text("xyz ,.", max_size=8),
    st.sampled_from([" ", "-", ", "]),
)
def test_a_term_is_found_whole_wherever_it_stands(
    words: list[str], before: str, after: str, between: str
) -> None:
    said = between.join(words).upper()
    text = f"{before} {said} {after}"
    start = len(before) + 1
    assert (start, start + len(said)) in occurrences(" ".join(words), text, "en")
    assert not occurrences(" ".join(words), f"{before}w{said}w{after}", "en")


def segment(target: str, *terms: str) -> Segment:
    return Segment(0, 1, "话", target, tuple(Term(f"源{term}", term) for term in terms))


def test_recall_precision_and_f1_by_hand() -> None:
    """Of three annotated terms two are there; `server` is invented once, and once is justified
    by the reference."""
    segments = [
        segment("A load balancer and a cache", "load balancer", "cache"),
        segment("The servers are fast"),
        segment("A mesh", "mesh"),
        segment("It works"),
    ]
    outputs = ["Load balancers, server", "one server", "the mesh", ""]
    glossary = [Term("源", name) for name in ("load balancer", "cache", "server", "mesh")]
    found = term_score(segments, outputs, glossary, "en")
    assert found == TermScore(annotated=3, hits=2, false_alarms=1, unsaid=1)
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)


def test_a_term_that_is_said_is_no_invention_whether_annotated_or_not() -> None:
    said = Segment(0.0, 1.0, "这个人设很好", "It is fine")
    glossary = [Term("人设", "public persona"), Term("人設", "persona"), Term("后卫", "defender")]
    found = term_score([said], ["a public persona, a defender"], glossary, "en")
    assert (found.false_alarms, found.unsaid) == (3, 1)


def test_a_term_counts_once_a_segment() -> None:
    twice = segment("cache, cache", "cache", "Cache", "—")
    assert term_score([twice], ["cache cache cache"], [], "en") == TermScore(1, 1)
    assert targets(twice.terms, "en") == ["cache"]
    inside = segment("A load balancing scheme", "load balancing scheme")
    part = [Term("源", "load balancing"), Term("源", "Load Balancing")]
    assert term_score([inside], ["load balancing"], part, "en") == TermScore(1)
    assert term_score([segment("x")], ["load balancing"], part, "en") == TermScore(0, 0, 1, 1)


def test_chinese_outputs() -> None:
    segments = [segment("轮询负载均衡方案", "轮询", "负载均衡方案")]
    glossary = [Term("servers", "服务器"), Term("mesh", "网格")]
    found = term_score(segments, ["轮询的负载均衡,服务器"], glossary, "zh")
    assert found == TermScore(2, 1, 1, 1)


def test_scores_add_up_and_nothing_has_no_score() -> None:
    assert TermScore(3, 2, 1, 1) + TermScore(1, 0, 4, 2) == TermScore(4, 2, 5, 3)
    empty = term_score([], [], [], "en")
    assert (empty.recall, empty.precision, empty.f1) == (None, None, None)
    missed = TermScore(2, 0, 0)
    assert (missed.recall, missed.precision, missed.f1) == (0, None, 0)


def test_outputs_must_fit_the_segments() -> None:
    with pytest.raises(TermError, match="0 outputs for 1 segments"):
        term_score([segment("x")], [], [], "en")
