"""Responsible for removing text that mentions errors without being one: frames, options, file names, commits. It names no type."""

from __future__ import annotations

import re

_A, _I, _M = re.ASCII, re.IGNORECASE, re.MULTILINE
#: Text that names an error without being one. Every repetition is bounded, so that no input can block the thread.
_NOISE = (
    re.compile(r"^[ \t]{1,40}at .{0,2000}$", _A | _M),  # JavaScript frames
    re.compile(r'^[ \t]{0,40}File ".{1,1000}", line \d{1,9}.*$', _A | _M),  # Python frames
    re.compile(r"\b(?:set|clear|_on|on|listOn)Timeout\b", _A),
    re.compile(r"(?<![\w-])--[\w-]{0,60}(?:timeout|retry|limit)[\w-]{0,60}", _A | _I),
    # Output of git about commits and branches: their subjects and names describe something else.
    re.compile(r"^\[[^\]\n]{1,200} [0-9a-f]{7,40}\] .*$", _A | _M),
    re.compile(r"^[ *|\\/]{0,40}(?:commit )?(?=\d{0,40}[a-f])(?=[a-f]{0,40}\d)[0-9a-f]{7,40}\b(?! ?[:=]).*$", _A | _M),
    re.compile(
        r"^(?:HEAD is now at|Previous HEAD position was|Applying:|Picking|Rebasing|Subject:"
        r"|(?:pick|reword|squash|fixup|drop) [0-9a-f]{7}).*$",
        _A | _M,
    ),
    re.compile(r"(?<=could not apply )[0-9a-f]{7,40}.*$", _A | _M),
    re.compile(r"(?<=\bbranch )['\"][^'\"\n]{1,200}['\"]", _A),
    re.compile(r"\bhttps?://\S{1,2000}", _A | _I),
    # File names and paths: "src/rate-limit.test.ts:12"
    re.compile(r"(?<![\w./-])(?:[\w@.-]{1,80}/){1,20}[\w@.-]{0,120}(?::\d{1,7}){0,2}", _A),
    re.compile(
        r"\b[\w-]{1,80}\.(?:[cm]?[jt]sx?|py|go|rs|java|rb|php|cs|cpp|[ch]|json|ya?ml|toml|md|txt|log|lock|sh)\b",
        _A | _I,
    ),
    # A setting, not an event: `"timeout": 5`, `timeout=30`
    re.compile(
        r"[\"']?\b\w{0,40}timeout\w{0,40}[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?\d[\d.]{0,12}(?:ms|s|m)?\b(?! ?exceeded)",
        _A | _I,
    ),
)
#: Keys of objects that were not valid JSON: printed by Python, or cut off.
_KEYS = re.compile(r"[\"'][\w.-]{1,60}[\"'][ \t]{0,4}:", _A)


def without_noise(text: str) -> str:
    """Return a text without the parts that only mention errors."""
    for pattern in _NOISE:
        text = pattern.sub("", text)
    return text


def without_keys(text: str) -> str:
    """Return a text without keys of objects, only for the phrase search: a status can be in the key of a field."""
    return _KEYS.sub("", text)
