"""What the server saw, as text for people."""
from __future__ import annotations

from typing import Any, Iterable, Mapping

LONGEST = 400


def describe(requests: Iterable[Mapping[str, Any]]) -> str:
    """A few lines for each: its time, what was asked and answered, and by whom; the body that was
    sent, and that of a refusal."""
    return "\n".join(_lines_of(each) for each in requests) or "no request came"


def _lines_of(seen: Mapping[str, Any]) -> str:
    query = str(seen.get("query") or "")
    target = str(seen["path"]) + (f"?{query.lstrip('?')}" if query else "")
    millis = int(seen.get("latency_us") or 0) / 1000
    who = seen.get("username") or seen.get("user_id") or "nobody"
    status = seen.get("status") or "no answer"
    lines = [f"{_clock_time(str(seen.get('time', '')))} {seen['method']} {target} -> {status} "
             f"(by {who}, {millis:.1f} ms)"]
    if seen.get("body"):
        lines.append(f"    sent: {_short(seen['body'])}")
    if seen.get("response_body") and int(seen.get("status") or 0) >= 400:
        lines.append(f"    answered: {_short(seen['response_body'])}")
    return "\n".join(lines)


def _clock_time(time: str) -> str:
    return time[11:19] if "T" in time else time


def _short(body: object) -> str:
    text = str(body).strip()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
