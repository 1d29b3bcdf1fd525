"""How a server that speaks OpenAI's dialect is asked."""

import json
from typing import Any
from uuid import UUID

import pytest

from runner_svc.providers import openai_chat
from runner_svc.providers.dialect import Question


def question(base_url: str = "http://127.0.0.1:1", **more: Any) -> Question:
    given: dict[str, Any] = {
        "call_id": UUID(int=1),
        "base_url": base_url,
        "key": "canary",
        "model": "m",
        "text": "Explain recursion",
        "max_tokens": 64,
        "temperature": 0.5,
    }
    return Question(**(given | more))


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4/chat/completions"),
        ("https://h/v1beta/openai", "https://h/v1beta/openai/chat/completions"),
        ("https://h/proxy", "https://h/proxy/v1/chat/completions"),
    ],
)
def test_a_base_url_may_have_its_version_or_not(base_url: str, url: str) -> None:
    assert openai_chat.ask(question(base_url)).url == url


def test_the_request_asks_for_a_stream_with_usage_and_nothing_compressed() -> None:
    asked = openai_chat.ask(question(system="Be short."))
    assert json.loads(asked.body) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Explain recursion"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "max_tokens": 64,
    }
    assert asked.headers["Accept-Encoding"] == "identity"
    assert asked.headers["X-Client-Request-Id"] == str(UUID(int=1))
    assert asked.headers["Authorization"] == "Bearer canary"
    assert "Authorization" not in openai_chat.ask(question(key=None)).headers


def test_openai_itself_is_asked_in_its_own_way() -> None:
    body = json.loads(openai_chat.ask(question("https://api.openai.com")).body)
    assert body["max_completion_tokens"] == 64
    assert "max_tokens" not in body
    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_parameters_a_model_refuses_are_left_out() -> None:
    body = json.loads(openai_chat.ask(question(skip=("temperature", "stream_options"))).body)
    assert "temperature" not in body
    assert "stream_options" not in body
