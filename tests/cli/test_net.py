# SPDX-License-Identifier: Apache-2.0
"""The HTTP client against real servers on the loopback address: Python's, with and without TLS."""
import http.server
import os
import pathlib
import socket
import ssl
import threading
import time

import pytest
from conftest import ROOT, needs, start

TOOL = pathlib.Path(os.environ.get("WINGO", ROOT / "build/wingo")).resolve().parent / "tests/unit/net/http_tool"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append((self.command, self.path, dict(self.headers), self.client_address))
        if self.path == "/silent":
            time.sleep(3)
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
            return
        elif self.path == "/big":
            self.answer(200, b"x" * 100000)
            return
        elif self.path == "/there":
            self.answer(307, Location="/here")
            return
        elif self.path == "/no":
            self.answer(403, b'{"message": "not you"}')
            return
        self.answer(200, f"{self.command} {self.path}".encode())

    do_HEAD = do_GET

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        self.answer(*((307, b"") if self.path == "/there" else (201, b"")), **({"Location": "/here"} if self.path == "/there" else {}))

    do_POST = do_PUT

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    s.seen = []
    threading.Thread(target=s.serve_forever, daemon=True).start()
    s.url = f"http://127.0.0.1:{s.server_address[1]}"
    yield s
    s.shutdown()
    s.server_close()


def ask(*args, **env):
    assert TOOL.exists(), "build first: ninja -C build"
    clean = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    return start([TOOL, *args], env=dict(clean, **env), timeout=60)


def test_get_head_put_and_redirects(server, tmp_path):
    r = ask(f"{server.url}/a?b=c")
    assert r.code == 0 and r.out == f"200 {server.url}/a?b=c\nGET /a?b=c", r
    assert ask("-X", "HEAD", f"{server.url}/a").code == 0
    assert ask(f"{server.url}/there").out == f"200 {server.url}/here\nGET /here"
    body = tmp_path / "body"
    body.write_bytes(os.urandom(300000))
    r = ask("-X", "PUT", "-H", "Content-Type:application/octet-stream", "-d", body, f"{server.url}/there")
    assert r.code == 0, r
    puts = [s for s in server.seen if s[0] == "PUT"]
    assert [p[1] for p in puts] == ["/there", "/here"] and all(p[3] == body.read_bytes() for p in puts)
    assert puts[0][2]["Content-Type"] == "application/octet-stream" and "Expect" not in puts[0][2]


def test_what_the_server_says_is_said(server):
    r = ask(f"{server.url}/no")
    assert r.code == 6 and r.err == f"GET {server.url}/no: 403 Forbidden: not you\n", r


@pytest.mark.slow
def test_faults_of_the_far_side(server):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    r = ask(f"http://127.0.0.1:{port}/x")
    assert r.code == 6 and "127.0.0.1" in r.err, r
    assert ask(f"{server.url}/cut").code == 6
    r = ask("--idle", "300", f"{server.url}/silent")
    assert r.code == 7 and "silent" in r.err, r
    assert ask("--max", "1000", f"{server.url}/big").code == 8
    assert ask("http://no-such-host.invalid/").code == 6


def test_the_proxy_of_the_environment(server):
    r = ask("http://far.example/x", http_proxy=server.url)
    assert r.code == 0 and server.seen[-1][1] == "http://far.example/x", r


def test_tls(tmp_path):
    needs("openssl")
    key, cert, other = (tmp_path / n for n in ("key.pem", "cert.pem", "other.pem"))
    for k, c in ((key, cert), (tmp_path / "k2.pem", other)):
        assert start(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", k,
                      "-out", c, "-days", "2", "-subj", "/CN=far.example", "-addext", "subjectAltName=DNS:far.example"]).code == 0
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    s.seen = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(other)
    s.socket = context.wrap_socket(s.socket, server_side=True)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    try:
        url = f"https://127.0.0.1:{s.server_address[1]}/x"
        r = ask(url)
        assert r.code == 5 and "certificate" in r.err and not s.seen, r
        r = ask("--ca", cert, url)
        assert r.code == 5 and not s.seen, r  # another name
        r = ask("--ca", other, "--name", "far.example", url)
        assert r.code == 5 and not s.seen, r  # another certificate
        r = ask("--ca", cert, "--name", "far.example", url)
        assert r.code == 0 and s.seen[-1][2]["Host"].startswith("far.example"), r
        r = ask("--ca", cert, "--name", "far.example", "--cert", other, "--key", tmp_path / "k2.pem", url)
        assert r.code == 0, r
    finally:
        s.shutdown()
        s.server_close()
