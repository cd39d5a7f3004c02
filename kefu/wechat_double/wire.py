"""Bodies of pushes and of their answers, in JSON and in XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kefu.wechat_double.accounts import Format

Fields = dict[str, Any]
CONTENT_TYPES: dict[Format, str] = {"json": "application/json", "xml": "text/xml"}
# XML 1.0 has no way to write these, WeChat leaves them out.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotReadable(Exception):
    """Raised when a body is not an object of the expected format; says why, in Chinese."""


def write(fields: Mapping[str, Any], form: Format) -> str:
    """Return the fields as one body; numbers stay numbers in JSON."""
    if form == "json":
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return f"<xml>{_elements(fields)}</xml>"


def json_object(raw: bytes) -> Fields:
    """Return the object of a JSON body in UTF-8. Raises NotReadable."""
    try:
        fields = json.loads(raw.decode(), parse_constant=_not_json)
        # An escaped half of a character could not be written again.
        if b"\\u" in raw:
            json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise NotReadable("不是 UTF-8 的 JSON") from None
    if not isinstance(fields, dict):
        raise NotReadable("不是 JSON 对象")
    return fields


def read(body: str, form: Format) -> Fields:
    """Return the fields of a body; in XML every value is text. Raises NotReadable."""
    return json_object(body.encode()) if form == "json" else _from_xml(body)


def _elements(fields: Mapping[str, Any]) -> str:
    return "\n".join(
        f"<{name}>{_value(item)}</{name}>"
        for name, value in fields.items()
        for item in (value if isinstance(value, list) else [value])
    )


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, (int, float)):
        return str(value)
    text = _NOT_IN_XML.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{text}]]>"


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _from_xml(body: str) -> Fields:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise NotReadable("不是 XML") from None
    if root.tag != "xml":
        raise NotReadable("不是以 <xml> 为根元素的 XML")
    return {child.tag: _content(child) for child in root}


def _content(element: Any) -> Any:
    if len(element):
        return {child.tag: _content(child) for child in element}
    return element.text or ""
