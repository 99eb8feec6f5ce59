"""A chat template taken apart, so that a prompt can end anywhere, within a turn too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.engines.llm import Conversation
from models.errors import EngineError

_MARKS = ("SYSTEM-7f3", "USER-7f3", "ASSISTANT-7f3", "NEXT-7f3")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """The fixed texts between the parts of a conversation."""

    opening: str
    system_to_user: str
    user_to_assistant: str
    assistant_to_user: str

    @classmethod
    def derive(cls, apply: Callable[[list[dict[str, str]]], str]) -> ChatTemplate:
        """From a function that renders messages (with the assistant's opening at the end).

        Raises EngineError when the template drops or rewrites a part.
        """
        system, user, assistant, following = _MARKS
        text = apply(
            [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
                {"role": "assistant", "content": assistant},
                {"role": "user", "content": following},
            ]
        )
        pieces: list[str] = []
        for mark in _MARKS:
            before, found, text = text.partition(mark)
            if not found:
                raise EngineError(
                    "the model's chat template does not keep system, user and assistant turns "
                    "in order: use an instruct model, or serve it as an endpoint"
                )
            pieces.append(before)
        return cls(pieces[0], pieces[1], text, pieces[3])

    def render(self, conversation: Conversation, *, open_turn: bool = False) -> str:
        """The prompt up to the assistant's next word, or (`open_turn`) up to the user's."""
        parts = [self.opening, conversation.system, self.system_to_user]
        for turn in conversation.turns:
            parts += [turn.user, self.user_to_assistant, turn.assistant, self.assistant_to_user]
        parts.append(conversation.user)
        if not open_turn:
            parts.append(self.user_to_assistant)
        return "".join(parts)
