from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.listening.fillers import is_filler_only, strip_fillers


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("嗯，我们开始吧。", "我们开始吧。"),
        ("我觉得呃这个问题很重要。", "我觉得这个问题很重要。"),
        ("那个，我们先看第一页。", "我们先看第一页。"),
        ("那个人是谁？", "那个人是谁？"),
        ("这个问题，那个办法，都要讨论。", "这个问题，那个办法，都要讨论。"),
        ("就是说，我们可以做到。", "我们可以做到。"),
        ("就是说我们可以做到。", "就是说我们可以做到。"),
        ("对啊，没错。", "对啊，没错。"),
        ("啊，原来如此。", "原来如此。"),
        ("金额不大。", "金额不大。"),
        ("额，不大。", "不大。"),
        ("他打呃逆了。", "他打呃逆了。"),
        ("但是我不知道，呃。", "但是我不知道。"),
        ("我们，嗯，先休息。", "我们，先休息。"),
        ("嗯嗯嗯。好的。", "好的。"),
        ("首先是这样，哈哈哈。", "首先是这样。"),
        ("首先是这样哈哈哈哈我先说", "首先是这样我先说"),
        ("他哈哈大笑。", "他哈哈大笑。"),
        ("对对对对对，我我我犯过错误", "对，我犯过错误"),
        ("看看，试试看，人人都说好好好好学习", "看看，试试看，人人都说好学习"),
        ("电话是八八八零零零，一九九九年，1000 个", "电话是八八八零零零，一九九九年，1000 个"),
        ("He said zzz, no no no.", "He said zzz, no no no."),
        ("Um, I think, uh, we should go.", "I think, we should go."),
        ("I um think so.", "I think so."),
        ("It is, you know, difficult.", "It is, difficult."),
        ("And uh, so that um, it works.", "And, so that, it works."),
        ("Like, um maybe, uh and so.", "Like, maybe, and so."),
        ("You know the answer.", "You know the answer."),
        ("She went to the ER.", "She went to the ER."),
        ("The umbrella is here.", "The umbrella is here."),
        ("It costs 3.5 or, um, 1,000 at 9:30.", "It costs 3.5 or, 1,000 at 9:30."),
        ("That is all, um. Thank you.", "That is all. Thank you."),
        ("OK, er...", "OK."),
        ("呃那个，GPU 很贵。", "GPU 很贵。"),
        ("", ""),
        ("嗯。", ""),
        ("。", ""),
        ("UM, I SEE.", "I SEE."),
        ("好，。", "好，。"),
        ("很多时候恶管理者会觉得，恶，不属于他。", "很多时候管理者会觉得，不属于他。"),
        ("恶，那么首先介绍一下。", "那么首先介绍一下。"),
        ("情况恶化，他没有恶意，恶性循环。", "情况恶化，他没有恶意，恶性循环。"),
        ("善与恶", "善与恶"),
        ("我们谈人性的恶。", "我们谈人性的恶。"),
        ("什么是恶？", "什么是恶？"),
        ("因为饿我们沟通的那些人，他不属于，饿，", "因为我们沟通的那些人，他不属于，"),
        ("每个人都希望自己的饿这个上级", "每个人都希望自己的这个上级"),
        ("就我们作为整个额额额部门来说", "就我们作为整个部门来说"),
        ("它可能有额第一个是战略", "它可能有第一个是战略"),
        ("噩，那么猛龙队", "那么猛龙队"),
        ("我饿了，他很饿，饿得走不动。", "我饿了，他很饿，饿得走不动。"),
        ("你饿吗？挨饿的人饿死了。", "你饿吗？挨饿的人饿死了。"),
        ("饥饿的孩子饿肚子。", "饥饿的孩子饿肚子。"),
        ("销售额和投资额，金额很大。", "销售额和投资额，金额很大。"),
        ("这是额外的额度，在额头上。", "这是额外的额度，在额头上。"),
        ("一个噩梦，一个噩耗。", "一个噩梦，一个噩耗。"),
    ],
)
def test_fillers_go_and_words_stay(text: str, left: str) -> None:
    assert strip_fillers(text) == left


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("嗯", "zh"),
        ("嗯嗯，呃……", "zh"),
        ("那个，", "zh"),
        ("这个这个", "zh"),
        ("就是说。", "zh"),
        ("嗯 那个 就是", "zh"),
        ("啊！", "zh"),
        ("Um.", "zh"),
        ("然后，呃，", "zh"),
        ("Um, uh, er...", "en"),
        ("you know, um", "en"),
        ("Hmm.", "en"),
        ("So, um,", "en"),
        ("…", "en"),
        ("", "zh"),
        ("nag nag nag nag", "zh"),
        ("nei ge, nage", "zh"),
        ("嗯。", "auto"),
        ("uh", "auto"),
        ("So,", "auto"),
    ],
)
def test_what_needs_no_translation(text: str, language: str) -> None:
    assert is_filler_only(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("那个人", "zh"),
        ("对。", "zh"),
        ("好啊", "zh"),
        ("这个很好", "zh"),
        ("就是他", "zh"),
        ("不是", "zh"),
        ("7", "zh"),
        ("GPU", "zh"),
        ("nagging", "zh"),
        ("nag 是什么", "zh"),
        ("nag nag", "en"),
        ("Yes.", "en"),
        ("no", "en"),
        ("You know him", "en"),
        ("I mean it", "en"),
        ("ER", "en"),
        ("Okay", "auto"),
        ("so good", "auto"),
    ],
)
def test_what_needs_one(text: str, language: str) -> None:
    assert not is_filler_only(text, language)


@given(st.text(alphabet="嗯呃啊那个这人就是说好，。、…？ um,uh.er!?'37-()“\n", max_size=40))
def test_stripping_again_changes_nothing_and_adds_nothing(text: str) -> None:
    once = strip_fillers(text)
    assert strip_fillers(once) == once
    assert len(once) <= len(text)
