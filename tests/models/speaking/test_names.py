"""What a session's ledger learns, what it hands out, and that ordinary talk teaches it nothing."""

from __future__ import annotations

import sys
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Term
from models.recall.recall import Found, Recalled
from models.speaking.names import Ledger

# What a recogniser hears in talks, and what a small LLM makes of it: names are hardly ever there.
ORDINARY = (
    ("首先是这样哈，我先说两句", "Firstly, let me say a few words."),
    ("我觉得广义上的管理是一个战略上的管理", "I think that management is, Broadly, strategic."),
    ("但是，嗯，它确实很重要", "But it is Really important."),
    ("所以很多时候管理者会觉得", "So often, Managers will feel that way."),
    ("现在呢，反击打不起来", "Now, the Counterattack is not working."),
    ("现在要想赢，就打边路", "Now if you want to win, play on the wing."),
    ("现在大家看第一个", "Now everyone look at the first."),
    ("现在开始提问", "Now the questions start."),
    ("对，这是典型的蹬踏动作", "Right, this is a typical step."),
    ("是吧，这个不太容易", "Yes, this is not easy."),
    ("比如说使命，愿景", "For example, the Bale of missions."),
    ("等着而成为那样的一个人", "I'm waiting to become such a Person."),
    ("教学方法也在改变", "Teaching methods are also changing. OK."),
    ("我用一个虚线框起来", "I drew a box with a Dotted line."),
    ("星期一我们再说", "We'll talk about it on Monday."),
    ("prioritization 是很重要的", "Prioritization is very important."),
    ("这是 OKR 的传递", "This is how the OKR is handed down."),
    ("就是我们老师爱你", "It's that our Teacher loves you."),
    ("好的第一个叫做规则", "Good, the First one is a rule."),
    ("这场比赛", "The English match."),
)


def told(ledger: Ledger, text: str) -> tuple[Term, ...]:
    return tuple(one.term for one in ledger.find(Found(text)).terms)


def learned(target: str = "en", *chunks: tuple[str, str]) -> dict[str, str]:
    ledger = Ledger(target)
    for source, translation in chunks:
        ledger.learn(source, translation)
    return {term.source: term.target for term in ledger.terms}


@pytest.mark.parametrize(
    ("source", "translation", "pair"),
    [
        ("呦，马奎尔这下。", "Hello, Mackellar.", ("马奎尔", "Mackellar")),
        ("球在德布劳内的身后", "The ball is behind De Bruyne.", ("德布劳内", "De Bruyne")),
        ("左侧是卢克肖", "On the left it's Luke Shaw's turn.", ("卢克肖", "Luke Shaw")),
        ("鲁本·迪亚斯补位", "and Ruben Dias covers", ("鲁本迪亚斯", "Ruben Dias")),
        ("请看陈志远的报告", "See the report by Chen Zhiyuan.", ("陈志远", "Chen Zhiyuan")),
        ("美国的哥伦比亚大学", "at Columbia University", ("哥伦比亚", "Columbia")),
    ],
)
def test_a_clear_transliteration_is_learned_at_once(
    source: str, translation: str, pair: tuple[str, str]
) -> None:
    assert learned("en", (source, translation)) == dict([pair])


def test_the_word_that_opens_a_sentence_must_come_again() -> None:
    first = ("福登来处理这个球", "Foden takes it.")
    assert learned("en", first) == {}
    assert learned("en", first, ("球给了福登", "The ball went to Foden.")) == {"福登": "Foden"}


def test_two_characters_must_come_again() -> None:
    chunk = ("我去过柏林两次", "I went to Berlin twice.")
    assert learned("en", chunk) == {}
    assert learned("en", chunk, ("柏林很大", "The city of Berlin is big.")) == {"柏林": "Berlin"}


def test_what_always_comes_together_is_a_pair_without_sounding_alike() -> None:
    """Four chunks with both, in other company each time; before, it is not sure enough."""
    chunks = [
        ("想打京多安的身后", "to play behind Ginobili"),
        ("看看京多安，又是空切", "again Ginobili makes a run"),
        ("好球给了京多安", "a good ball to Ginobili"),
        ("传中以后京多安射门", "after the cross Ginobili shoots"),
    ]
    assert learned("en", *chunks[:3]) == {}
    assert learned("en", *chunks) == {"京多安": "Ginobili"}


def test_of_two_that_always_come_together_neither_is_paired() -> None:
    chunks = [(f"{where}球门京多安", f"{where_en} Ginobili") for where, where_en in
              zip("甲乙丙丁戊", ("at", "by", "in", "on", "to"), strict=True)]  # fmt: skip
    assert "球门" not in learned("en", *chunks)
    apart = [(f"{char}球门，然后京多安", "then Ginobili") for char in "甲乙丙丁戊"]
    assert learned("en", *apart) == {}


def test_ordinary_talk_teaches_nothing() -> None:
    assert learned("en", *ORDINARY) == {}
    assert learned("en", *ORDINARY * 6) == {}


def test_what_is_copied_needs_no_pair() -> None:
    chunk = ("它叫 Kubernetes，库伯奈提斯", "It is called Kubernetes.")
    assert learned("en", chunk, chunk, chunk) == {}


def test_the_first_rendering_stays_and_is_handed_out_by_sound() -> None:
    ledger = Ledger("en")
    ledger.learn("马奎尔上来了", "Here is Maguire.")
    ledger.learn("球给马奎尔", "The ball goes to Marquess.")
    assert told(ledger, "马魁儿拿球") == (Term("马奎尔", "Maguire"),)
    assert told(ledger, "马亏尔拿球") == (Term("马奎尔", "Maguire"),)
    assert told(ledger, "马奎尔，馬奎爾！") == (Term("马奎尔", "Maguire"),)
    assert told(ledger, "没有他，马上来") == ()


def test_a_rendering_that_the_llm_leaves_thrice_goes() -> None:
    ledger = Ledger("en", "曼联 = Manchester United")
    ledger.learn("马奎尔上来了", "Here is Maguire.")
    for _ in range(2):
        ledger.learn("马奎尔和曼联", "He and they.")
    ledger.learn("马奎尔上来了", "Here is Maguire.")
    for _ in range(3):
        assert told(ledger, "马奎尔") != ()
        ledger.learn("马奎尔和曼联", "He and they.")
    assert told(ledger, "马奎尔和曼联") == (Term("曼联", "Manchester United"),), "that was certain"


def test_a_term_is_certain_once_its_rendering_was_used() -> None:
    ledger = Ledger("en")
    term = Term("马奎尔", "Harry Maguire", note="defender", spoken=("马圭",))
    ledger.learn("马奎尔上来了", "Here is Mackellar.", (term,))
    assert told(ledger, "马奎尔") == (Term("马奎尔", "Mackellar"),)
    ledger.learn("马奎尔上来了", "Harry Maguire came up.", (term,))
    assert told(ledger, "马奎尔") == (Term("马奎尔", "Harry Maguire"),)


def test_names_are_added_where_no_term_of_the_session_stands() -> None:
    ledger = Ledger("en", "曼联 = Man United; 马奎尔 = Maguire")
    text = "曼联队的马奎尔"
    own = Recalled(Term("曼联队", "Manchester United"), 0, 3, 0.7)
    found = ledger.find(Found(text, (own,)))
    assert found == Found(text, (own, Recalled(Term("马奎尔", "Maguire"), 4, 7, 1.0)))
    assert [one.term.target for one in ledger.find(Found(text)).terms] == ["Man United", "Maguire"]


def test_what_was_learned_is_told_but_not_insisted_on() -> None:
    ledger = Ledger("en")
    ledger.learn("马奎尔上来了", "Here is Maguire.")
    (found,) = ledger.find(Found("看，马奎尔")).terms
    assert (found.start, found.stop) == (2, 5)
    assert 0.5 <= found.probability < 0.9
    (found,) = Ledger("en", "马奎尔 = Maguire").find(Found("看，马亏尔")).terms
    assert 0.5 <= found.probability < 0.9, "it only sounds so"


def test_what_was_told_is_no_surer_for_it() -> None:
    ledger = Ledger("en")
    ledger.learn("马奎尔上来了", "Here is Maguire.")
    ledger.learn("看，马奎尔", "Look, Maguire.", told(ledger, "看，马奎尔"))
    assert ledger.find(Found("马奎尔")).terms[0].probability < 0.9


def test_what_the_llm_sees_anyhow_is_left_out() -> None:
    ledger = Ledger("en", "曼联 = Man United; 马奎尔 = Maguire")
    found = ledger.find(Found("曼联马奎尔"), lambda term: term.target == "Maguire")
    assert [one.term.target for one in found.terms] == ["Man United"]


def test_a_name_comes_once_and_no_more_than_eight() -> None:
    names = [f"{one}{two}词" for one, two in product("巴德福加", repeat=2)]
    ledger = Ledger("en", "; ".join(f"{name} = n{at}" for at, name in enumerate(names)))
    assert len(told(ledger, "，".join(names[:3] * 3))) == 3
    assert len(told(ledger, "，".join(names))) == 8


def test_of_overlapping_names_the_longer_is_found() -> None:
    ledger = Ledger("en", "清华 = Tsinghua; 清华大学 = Tsinghua University")
    assert told(ledger, "清华大学，清华") == (
        Term("清华大学", "Tsinghua University"),
        Term("清华", "Tsinghua"),
    )


@pytest.mark.parametrize(
    ("context", "terms"),
    [
        ("后卫马奎尔 (Maguire) 首发", {"马奎尔": "Maguire"}),
        ("Kevin De Bruyne（德布劳内）", {"德布劳内": "Kevin De Bruyne"}),
        ("嘉宾：张三 (Zhang San)", {"张三": "Zhang San"}),
        ("C罗 = Ronaldo", {}),  # not all Chinese: it has to be a term
        (
            "曼联 = Manchester United, 曼城=Man City",
            {"曼联": "Manchester United", "曼城": "Man City"},
        ),
        ("Maguire（队长），李明华 (Microsoft)", {}),  # what is in brackets may be anything
        ("", {}),
    ],
)
def test_the_context_feeds_it(context: str, terms: dict[str, str]) -> None:
    ledger = Ledger("en", context)
    assert {term.source: term.target for term in ledger.terms} == terms


def test_into_chinese_the_name_is_the_source() -> None:
    ledger = Ledger("zh", "曼联 = Manchester United")
    ledger.learn("an excellent answer from Maguire.", "马奎尔的回答很精彩。")
    assert told(ledger, "Then Maguire, at Manchester United") == (
        Term("Maguire", "马奎尔"),
        Term("Manchester United", "曼联"),
    )
    ledger.learn("Stones throws", "斯通斯扔了")
    ledger.learn("and Stones again", "斯通斯又来了")
    assert told(ledger, "Stones") == (Term("Stones", "斯通斯"),)
    assert told(ledger, "three stones") == ()


def test_learning_the_same_again_changes_nothing() -> None:
    once = Ledger("en")
    chunks = [("马奎尔上来了", "Here is Maguire."), ("左侧是卢克肖", "It's Luke Shaw.")]
    for chunk in chunks:
        once.learn(*chunk)
    before = once.terms
    for chunk in chunks * 3:
        once.learn(*chunk)
    assert once.terms == before


TALK = st.lists(
    st.tuples(
        st.text(alphabet="马奎尔德布劳内曼联的了，。C罗 a", max_size=40),
        st.lists(
            st.sampled_from(["Maguire", "De", "Bruyne", "the", "ball.", "United", "Now", ",", "C"]),
            max_size=12,
        ).map(" ".join),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(TALK)
def test_it_is_deterministic_and_hands_out_what_it_holds(talk: list[tuple[str, str]]) -> None:
    one, other = Ledger("en"), Ledger("en")
    for source, translation in talk:
        one.learn(source, translation)
        other.learn(source, translation)
        assert set(told(one, source)) <= set(one.terms)
    assert one.terms == other.terms
    assert len({term.source for term in one.terms}) == len(one.terms)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.text(max_size=120), st.sampled_from(["en", "zh"]), st.text())
def test_any_text_is_taken(source: str, translation: str, target: str, context: str) -> None:
    ledger = Ledger(target, context)
    ledger.learn(source, translation, (Term(source, translation), Term("", "")))
    found = ledger.find(Found(source))
    assert found.text == source


def test_poisoned_talk_does_not_make_it_grow() -> None:
    """Ever new names, clear and certain ones, in chunks of any length."""
    syllables = ("ba", "de", "fu", "ga", "ka", "la", "ma", "na", "sa", "ta")
    characters = "巴德福加卡拉马纳萨塔"
    ledger = Ledger("en", "曼联 = Manchester United")
    for number in range(700):
        digits = [int(digit) for digit in f"{number:04}"]
        name = "".join(syllables[digit] for digit in digits).capitalize()
        chinese = "".join(characters[digit] for digit in digits)
        certain = (Term(f"词{chinese}", f"term {name}"),) if number % 3 == 0 else ()
        long = "填" * 5000 if number % 100 == 0 else ""
        words = " ".join(f"w{number}x{i}" for i in range(40))
        ledger.learn(f"词{chinese}{long}", f"the term {name} {words}", certain)
        if number == 300:
            size = deep_size(ledger)
    assert len(ledger.terms) == 64
    assert deep_size(ledger) < 2 * size
    assert all(len(term.source) <= 32 and len(term.target) <= 60 for term in ledger.terms)


def test_long_names_are_not_kept() -> None:
    ledger = Ledger("en")
    ledger.learn("甲" * 40, "x" * 80, (Term("甲" * 40, "x"), Term("甲", "x" * 80)))
    assert ledger.terms == ()


def test_learned_names_leave_before_certain_ones_and_the_oldest_first() -> None:
    ledger = Ledger("en")
    ledger.learn("马奎尔上来了", "Here is Maguire.")
    terms = [
        Term(f"{one}{two}词", f"{one}{two}") for one, two in product("巴德福加卡拉马帕", repeat=2)
    ]
    for term in terms:
        ledger.learn(term.source, term.target, (term,))
    assert ledger.terms == tuple(terms)
    ledger.learn(terms[0].source, terms[0].target)
    new = Term("新词汇", "new word")
    ledger.learn(new.source, new.target, (new,))
    assert ledger.terms == (*terms[2:], terms[0], new)


def deep_size(one: object, seen: set[int] | None = None) -> int:
    """Bytes of an object and everything that it holds."""
    seen = set() if seen is None else seen
    if id(one) in seen:
        return 0
    seen.add(id(one))
    size = sys.getsizeof(one)
    if isinstance(one, dict):
        return size + sum(deep_size(part, seen) for pair in one.items() for part in pair)
    if isinstance(one, str | bytes):
        return size
    if hasattr(one, "__iter__"):
        return size + sum(deep_size(part, seen) for part in one)
    names = [*getattr(one, "__slots__", ()), *getattr(one, "__dict__", ())]
    return size + sum(deep_size(getattr(one, name), seen) for name in names)
