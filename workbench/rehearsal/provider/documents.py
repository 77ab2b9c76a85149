"""Policy documents: JSON texts that are the same however they are written."""

import json
from typing import Any

from .values import Properties


def same_document(text: Any) -> Any:
    """Return a policy document in a form in which equal documents are equal."""
    try:
        return _canonical(json.loads(text) if isinstance(text, str) else text)
    except ValueError:
        return text


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        # AWS takes "x" and ["x"] for the same, and a list's order doesn't matter in a policy.
        items = sorted((_canonical(item) for item in value), key=_text)
        return items[0] if len(items) == 1 else items
    return value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def document_text(document: Any) -> str:
    """Return a policy document that AWS answered as the JSON text that the schema has."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))


def keep_written(state: Properties, key: str, document: Any) -> str:
    """Return the document as the program wrote it if AWS has the same, else AWS's."""
    written = state.get(key)
    if written is not None and same_document(written) == same_document(document):
        return str(written)
    return document_text(document)
