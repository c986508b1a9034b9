"""Responsible for one HTTP exchange within a time limit, over connections that are kept open; it does not retry or follow redirects."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
import weakref
from typing import IO, TYPE_CHECKING, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import urlsplit

from ._errors import ModelReinsError
from ._proxies import Proxy, proxy_for

if TYPE_CHECKING:
    import http.client
    import ssl

#: A connection that was idle for this long may have been closed without notice, so it is not used again.
_IDLE_S = 20.0
#: Maximum number of connections to keep.
_KEPT = 8
#: A connection is established within milliseconds or not at all.
_CONNECT_S = 10.0
#: Larger than any JSON answer of the server.
_ANSWER_BYTES = 64 * 1024 * 1024

Body = Union[bytes, IO[bytes], None]


class Answer(NamedTuple):
    """The complete answer, or with ``stream`` its head and the source of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Cancel:
    """Ends exchanges from another thread: threads that wait in one are woken at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._closers: Dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def is_set(self) -> bool:
        """Whether it was set."""
        return self._set

    def set(self) -> None:
        """End all exchanges that are running or begin later."""
        with self._lock:
            self._set = True
            closers = list(self._closers.values())
            self._closers.clear()
        for close in closers:
            close()

    def add(self, close: Callable[[], None]) -> int:
        """Call ``close`` when it is set; returns a key for :meth:`remove`."""
        with self._lock:
            self._next += 1
            key = self._next
            if not self._set:
                self._closers[key] = close
                return key
        close()
        return key

    def remove(self, key: int) -> None:
        """Remove a function that was added with :meth:`add`."""
        with self._lock:
            self._closers.pop(key, None)


class Open:
    """An answer whose body is still being read. It must be closed."""

    def __init__(self, transport: Transport, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._transport = transport
        self._connection = connection
        self._response = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def read(self, size: int = 65536, timeout: Optional[float] = None) -> bytes:
        """Read available data, up to ``size`` bytes; empty at the end. Raises ``OSError`` when nothing arrives in time."""
        if timeout is not None and self._connection.sock is not None:
            self._connection.sock.settimeout(timeout)
        return self._response.read1(size)

    @property
    def whole(self) -> bool:
        """Whether the whole announced body has been read."""
        return self._response.isclosed() or not self._response.length

    def shut(self) -> None:
        """Wake a thread that reads; may be called from any thread."""
        _shut(self._connection)

    def close(self) -> None:
        """Close the connection without keeping it."""
        _shut(self._connection)
        self._connection.close()


def _shut(connection: http.client.HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was closed already


class Transport:
    """Connections to one server, kept alive between exchanges and usable from many threads."""

    def __init__(self, url: str, *, user_agent: str, environ: Optional[Mapping[str, str]] = None) -> None:
        self.url = url
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path
        self._user_agent = user_agent
        self._environ = os.environ if environ is None else environ
        self._proxy: Union[Proxy, str, None] = "unknown"
        self._tls: Optional[ssl.SSLContext] = None
        self._idle: List[Tuple[http.client.HTTPConnection, float]] = []
        self._lock = threading.Lock()
        _transports.add(self)

    @property
    def proxy(self) -> Optional[Proxy]:
        """The proxy that the environment names for this server."""
        if isinstance(self._proxy, str):
            self._proxy = proxy_for(self._secure, self._host, self._port, self._environ)
        return self._proxy

    def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: Body = None,
        timeout: float,
        cancel: Optional[Cancel] = None,
    ) -> Answer:
        """Send one request and read the whole answer.

        :raises ModelReinsError: ``network`` or ``timeout``; whatever the server answers is returned.
        """
        import http.client  # noqa: PLC0415

        deadline = time.monotonic() + timeout
        connection, key, response = self._send(method, path, headers, body, deadline, cancel)
        try:
            parts: List[bytes] = []
            size = 0
            while True:
                if connection.sock is not None:
                    connection.sock.settimeout(max(0.001, deadline - time.monotonic()))
                part = response.read1(262144)
                if not part:
                    break
                parts.append(part)
                size += len(part)
                if size > _ANSWER_BYTES:
                    raise ModelReinsError(f"{self.url} answers without an end", code="unexpected-response", retryable=False)
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            # Older Pythons do not notice that a response has ended, and then refuse another request on its connection.
            response.close()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, b"".join(parts))
        except BaseException as error:
            connection.close()
            raise self._failure(error, deadline, timeout, cancel) from error
        finally:
            if cancel is not None:
                cancel.remove(key)
        self._keep(connection, response)
        return answer

    def open(self, path: str, *, headers: Mapping[str, str], timeout: float, cancel: Optional[Cancel] = None) -> Open:
        """Send a GET and return as soon as the head of the answer has arrived."""
        deadline = time.monotonic() + timeout
        connection, key, response = self._send("GET", path, headers, None, deadline, cancel)
        if cancel is not None:
            cancel.remove(key)
            opened = Open(self, connection, response)
            cancel.add(opened.shut)
            return opened
        return Open(self, connection, response)

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            kept, self._idle = self._idle, []
        for connection, _ in kept:
            connection.close()

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Body, deadline: float, cancel: Optional[Cancel]
    ) -> Tuple[http.client.HTTPConnection, int, http.client.HTTPResponse]:
        begun = time.monotonic()
        connection = self._take() or self._connect(deadline, cancel)
        key = 0 if cancel is None else cancel.add(lambda: _shut(connection))
        try:
            if cancel is not None and cancel.is_set:
                raise ConnectionAbortedError("stopped")
            connection.sock.settimeout(max(0.001, deadline - time.monotonic()))
            target = self._prefix + path
            proxy = self.proxy
            said = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", **headers}
            if proxy is not None and not self._secure:
                target = f"http://{self._authority()}{target}"
                if proxy.authorization is not None:
                    said["Proxy-Authorization"] = proxy.authorization
            connection.request(method, target, body=body, headers=said)
            return connection, key, connection.getresponse()
        except BaseException as error:
            connection.close()
            if cancel is not None:
                cancel.remove(key)
            raise self._failure(error, deadline, deadline - begun, cancel) from error

    def _authority(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._port == (443 if self._secure else 80) else f"{host}:{self._port}"

    def _connect(self, deadline: float, cancel: Optional[Cancel]) -> http.client.HTTPConnection:
        import http.client  # noqa: PLC0415

        proxy = self.proxy
        limit = max(0.001, min(_CONNECT_S, deadline - time.monotonic()))
        host, port = (self._host, self._port) if proxy is None else (proxy.host, proxy.port)
        connection: http.client.HTTPConnection
        if self._secure:
            connection = http.client.HTTPSConnection(host, port, timeout=limit, context=self._context())
            if proxy is not None:
                headers = {} if proxy.authorization is None else {"Proxy-Authorization": proxy.authorization}
                connection.set_tunnel(self._host, self._port, headers=headers)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=limit)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException as error:
            connection.close()
            raise self._failure(error, deadline, limit, cancel) from error
        return connection

    def _context(self) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415

        if self._tls is None:
            # OpenSSL itself reads SSL_CERT_FILE and SSL_CERT_DIR.
            self._tls = ssl.create_default_context()
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    def _take(self) -> Optional[http.client.HTTPConnection]:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < _IDLE_S and not _has_ended(connection):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        if response.will_close or connection.sock is None:
            connection.close()
            return
        with self._lock:
            if len(self._idle) < _KEPT:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()

    def _failure(self, error: BaseException, deadline: float, limit: float, cancel: Optional[Cancel]) -> BaseException:
        import http.client  # noqa: PLC0415

        if not isinstance(error, (OSError, http.client.HTTPException, ValueError)):
            return error
        if cancel is not None and cancel.is_set:
            return ModelReinsError("The call was stopped", code="network", retryable=False)
        if isinstance(error, TimeoutError) or isinstance(error, socket.timeout):  # noqa: SIM101
            if time.monotonic() >= deadline - 0.05:
                return ModelReinsError(f"No answer from {self.url} within {max(limit, 0):.0f} s", code="timeout")
            return ModelReinsError(f"Cannot reach {self.url}: no connection within {limit:.0f} s", code="timeout")
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            words = f"{getattr(error, 'verify_message', None) or 'the certificate cannot be verified'} (name your own CA in SSL_CERT_FILE)"
        return ModelReinsError(f"Cannot reach {self.url}: {words}", code="network")

    def _forget_after_fork(self) -> None:
        # The connections belong to the process that opened them: two processes that write to one would mix their data.
        self._lock = threading.Lock()
        kept, self._idle = self._idle, []
        for connection, _ in kept:
            connection.close()


def _has_ended(connection: http.client.HTTPConnection) -> bool:
    """Whether an idle connection has data: either its end, or data that belongs to no request."""
    sock = connection.sock
    if sock is None:
        return True
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


_transports: weakref.WeakSet[Transport] = weakref.WeakSet()


def _after_fork() -> None:
    for transport in list(_transports):
        transport._forget_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
