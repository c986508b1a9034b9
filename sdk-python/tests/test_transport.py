"""What a proxy says is not the server's word, what passes is asked again, and connections are kept."""

import json
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from modelreins_worker import Client, ModelReinsError
from modelreins_worker._calls import retry_after
from modelreins_worker._proxies import is_excepted, proxy_for
from modelreins_worker._transport import Cancel

HEALTH = {"status": "ok", "version": "1", "time": "2026-01-01T00:00:00.000Z", "checks": {}}


class Answering(unittest.TestCase):
    """A server that gives the answers of `self.answers`, in order; the last one again and again."""

    def setUp(self):
        self.answers = [(200, {"content-type": "application/json"}, json.dumps(HEALTH))]
        self.requests = []
        case = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                case.requests.append((self.command, self.path, dict(self.headers), body, self.client_address))
                status, headers, text = case.answers.pop(0) if len(case.answers) > 1 else case.answers[0]
                if status == 0:
                    self.close_connection = True
                    return
                data = text.encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = handle_one

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.client = Client(self.url, "mrk_test_token", timeout=5)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.client.close)

    def problem(self, status, code, **more):
        body = {"type": "x", "title": "T", "status": status, "code": code, "retryable": False, **more}
        return status, {"content-type": "application/problem+json"}, json.dumps(body)

    def test_a_page_is_asked_again_whatever_its_status(self):
        page = "<html>Log in to the hotel's network</html>"
        for status in (200, 302, 403, 404, 511):
            with self.subTest(status):
                html = (status, {"content-type": "text/html"}, page)
                good = (200, {"content-type": "application/json"}, json.dumps(HEALTH))
                self.answers = [html, html, good]
                if status == 302:
                    with self.assertRaises(ModelReinsError) as caught:
                        self.client.service.health()
                    self.assertIn("redirect", str(caught.exception))
                    continue
                self.assertEqual(self.client.service.health().status, "ok")
        self.answers = [(200, {"content-type": "application/json"}, '{"login": "please"}')]
        with self.assertRaises(ModelReinsError) as caught:
            self.client.service.health()
        self.assertEqual((caught.exception.code, caught.exception.retryable), ("unexpected-response", True))

    def test_problems(self):
        self.answers = [self.problem(400, "invalid-request", issues=[{"path": "prompt", "message": "too long"}], instance="req-1")]
        with self.assertRaises(ModelReinsError) as caught:
            self.client.dispatch("x")
        error = caught.exception
        self.assertEqual((str(error), error.code, error.status, error.request_id), ("T: prompt: too long", "invalid-request", 400, "req-1"))
        self.assertEqual(error.help, "Correct the fields named in `issues`.")
        self.assertEqual(len(self.requests), 1)

    def test_a_dispatch_is_repeated_with_one_key(self):
        job = {"id": 7, "status": "pending", "prompt": "x"}
        self.answers = [
            self.problem(503, "unavailable", retryable=True, retry_after_ms=1),
            (0, {}, ""),
            (201, {"content-type": "application/json"}, json.dumps(job)),
        ]
        self.assertEqual(self.client.dispatch("x").id, 7)
        keys = [headers.get("Idempotency-Key") for _, _, headers, _, _ in self.requests]
        self.assertEqual(len(keys), 3)
        self.assertEqual(len(set(keys)), 1)
        self.assertTrue(keys[0].startswith("sdk-"))

    def test_what_may_not_be_repeated_is_sent_once(self):
        self.answers = [self.problem(503, "unavailable", retryable=True, retry_after_ms=1)]
        with self.assertRaises(ModelReinsError):
            self.client.killswitch.raise_(level=3)
        self.assertEqual(len(self.requests), 1)

    def test_a_wait_that_is_too_long_is_told(self):
        self.answers = [(429, {"content-type": "text/plain", "retry-after": "3600"}, "no")]
        with self.assertRaises(ModelReinsError) as caught:
            self.client.service.health()
        self.assertEqual((caught.exception.code, caught.exception.retry_after), ("rate-limited", 3600.0))

    def test_one_connection_serves_many_calls_and_one_that_ended_is_not_used(self):
        for _ in range(3):
            self.client.service.health()
        self.assertEqual(len({address for *_, address in self.requests}), 1)
        self.answers = [
            (200, {"content-type": "application/json", "connection": "close"}, json.dumps(HEALTH)),
            (200, {"content-type": "application/json"}, json.dumps(HEALTH)),
        ]
        self.client.service.health()
        self.client.service.health()
        self.assertEqual(len({address for *_, address in self.requests}), 2)

    def test_fields_go_where_the_table_says(self):
        page = {"items": [], "next_cursor": None}
        self.answers = [(200, {"content-type": "application/json"}, json.dumps(page))]
        self.assertEqual(self.client.jobs.list(status=["done", "failed"], limit=5, thread_id="a b/c").items_, [])
        self.assertEqual(self.requests[-1][1], "/api/v1/jobs?status=done,failed&thread_id=a%20b%2Fc&limit=5".replace(",", "%2C"))
        self.answers = [(200, {"content-type": "application/json"}, json.dumps({"id": 7, "status": "pending"}))]
        self.client.jobs.update(7, target=None, priority=3)
        method, path, headers, body, _ = self.requests[-1]
        self.assertEqual((method, path, json.loads(body)), ("PATCH", "/api/v1/jobs/7", {"target": None, "priority": 3}))
        self.assertEqual(headers["Authorization"], "Bearer mrk_test_token")

    def test_what_is_no_json_is_not_sent(self):
        for odd in (object(), float("nan")):
            with self.assertRaises(ModelReinsError) as caught:
                self.client.dispatch("x", input=odd)
            self.assertEqual((caught.exception.code, caught.exception.status), ("invalid-request", 0))
        self.assertEqual(self.requests, [])

    def test_a_proxy_of_the_environment(self):
        environ = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(environ)))
        os.environ.update({"http_proxy": self.url.replace("//", "//user:p%40ss@"), "no_proxy": ""})
        client = Client("http://reins.example.com", "mrk_test_token", timeout=5)
        self.assertEqual(client.service.health().status, "ok")
        _, path, headers, _, _ = self.requests[-1]
        self.assertEqual(path, "http://reins.example.com/api/v1/health")
        self.assertEqual(headers["Proxy-Authorization"], "Basic dXNlcjpwQHNz")
        os.environ.update({"https_proxy": self.url, "no_proxy": ""})
        with self.assertRaises(ModelReinsError):
            Client("https://reins.example.com", "mrk_test_token", timeout=5).jobs.get(1)
        method, path, headers, _, _ = self.requests[-1]
        self.assertEqual((method, path), ("CONNECT", "reins.example.com:443"))
        self.assertNotIn("Authorization", headers)


class Unreachable(unittest.TestCase):
    def test_nobody_listens(self):
        with self.assertRaises(ModelReinsError) as caught:
            Client("http://127.0.0.1:1", "x", timeout=2).killswitch.raise_()
        self.assertEqual((caught.exception.code, caught.exception.status), ("network", 0))

    def test_nobody_answers(self):
        import socket

        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with self.assertRaises(ModelReinsError) as caught:
                Client(url, "x", timeout=0.3).killswitch.raise_()
            self.assertEqual(caught.exception.code, "timeout")
            # Another thread ends what waits.
            client, cancel = Client(url, "x", timeout=60), Cancel()
            threading.Timer(0.2, cancel.set).start()
            with self.assertRaises(ModelReinsError) as caught:
                client._calls.call("killswitch.get", {}, cancel=cancel)
            self.assertFalse(caught.exception.may_pass)

    def test_addresses(self):
        for odd in ("", "reins.example.com", "ftp://x", "http://", "http://x:y"):
            with self.assertRaises(ModelReinsError):
                Client(odd or "no", "x")
        self.assertEqual(Client("https://x.example/base/", "x").url, "https://x.example/base")


class Words(unittest.TestCase):
    def test_retry_after(self):
        self.assertEqual(retry_after("7"), 7.0)
        self.assertEqual(retry_after("Mon, 01 Jan 2001 00:00:00 GMT"), 0.0)
        self.assertIsNone(retry_after("soon"))
        self.assertIsNone(retry_after(None))

    def test_proxies(self):
        self.assertIsNone(proxy_for(True, "x.example", 443, {}))
        found = proxy_for(True, "x.example", 443, {"HTTPS_PROXY": "proxy.example:3128"})
        self.assertEqual((found.host, found.port, found.authorization), ("proxy.example", 3128, None))
        self.assertIsNone(proxy_for(False, "x.example", 80, {"HTTP_PROXY": "http://p", "REQUEST_METHOD": "GET"}))
        self.assertEqual(proxy_for(False, "x.example", 80, {"ALL_PROXY": "http://p"}).port, 80)
        with self.assertRaises(ModelReinsError):
            proxy_for(True, "x.example", 443, {"HTTPS_PROXY": "socks5://p:1080"})

    def test_no_proxy(self):
        for host, port, entry, excepted in (
            ("x.example", 443, "x.example", True),
            ("a.x.example", 443, "x.example", True),
            ("a.x.example", 443, ".x.example", True),
            ("ax.example", 443, "x.example", False),
            ("x.example", 443, "*", True),
            ("x.example", 8443, "x.example:8443", True),
            ("x.example", 443, "x.example:8443", False),
            ("10.1.2.3", 80, "10.0.0.0/8", True),
            ("11.1.2.3", 80, "10.0.0.0/8", False),
            ("::1", 80, "localhost, ::1", True),
            ("x.example", 443, "", False),
        ):
            with self.subTest(f"{host} {entry}"):
                self.assertEqual(is_excepted(host, port, entry), excepted)
