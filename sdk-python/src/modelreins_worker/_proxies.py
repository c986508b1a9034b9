"""Responsible for choosing the proxy that the environment names for a server; it opens no connection."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional
from urllib.parse import unquote, urlsplit

from ._errors import ModelReinsError


class Proxy(NamedTuple):
    """An HTTP proxy and the header that it requires, if any."""

    host: str
    port: int
    authorization: Optional[str]
    #: The address without the password.
    shown: str


def _read(environ: Mapping[str, str], name: str) -> str:
    # The lower-case name wins, as in other programs. In a CGI program, HTTP_PROXY in capitals may be a request header.
    value = environ.get(name.lower())
    if value is None and not (name == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
        value = environ.get(name)
    return (value or "").strip()


def proxy_for(secure: bool, host: str, port: int, environ: Mapping[str, str]) -> Optional[Proxy]:
    """Return the proxy for a server by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; ``None`` for none.

    :raises ModelReinsError: ``invalid-request`` when what is named is no HTTP proxy.
    """
    if is_excepted(host, port, _read(environ, "NO_PROXY")):
        return None
    name = "HTTPS_PROXY" if secure else "HTTP_PROXY"
    address = _read(environ, name) or _read(environ, "ALL_PROXY")
    if not address:
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme != "http" or not parts.hostname:
        raise ModelReinsError(
            f"{name} names {parts.scheme}://{parts.hostname or ''}, and only HTTP proxies can be used: http://host:port",
            code="invalid-request",
            status=0,
        )
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        import base64

        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    proxy_port = parts.port or 80
    return Proxy(parts.hostname, proxy_port, authorization, f"{parts.hostname}:{proxy_port}")


def is_excepted(host: str, port: int, no_proxy: str) -> bool:
    """Whether ``no_proxy`` names this server: a name with its subdomains, an address, a network, or ``*``."""
    host = host.lower().strip("[]")
    for raw in no_proxy.replace(" ", ",").split(","):
        entry = raw.strip().lower()
        if not entry:
            continue
        if entry == "*":
            return True
        if "/" in entry:
            import ipaddress

            try:
                if ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False):
                    return True
            except ValueError:
                pass  # one of them is not an address
            continue
        name, colon, named_port = entry.rpartition(":")
        if colon and named_port.isdigit() and ":" not in name.strip("[]"):
            if int(named_port) != port:
                continue
            entry = name
        entry = entry.strip("[]")
        bare = entry.lstrip("*").lstrip(".")
        if host in (entry, bare) or (bare and host.endswith(f".{bare}")):
            return True
    return False
