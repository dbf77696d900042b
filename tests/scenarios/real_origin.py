# SPDX-License-Identifier: MIT
"""nginx as an origin, over TLS with a certificate made for the run, and without."""

import os
import pathlib
import subprocess

import client
from content import Content
from larder import free_port

CONFIG = """
daemon off; {user} worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log warn;
events {{ worker_connections 512; }}
http {{
  log_format asked '$host $uri $request_method $status $body_bytes_sent "$http_range"';
  access_log {dir}/asked.log asked;
  client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
  default_type application/octet-stream;
  types {{ text/html html; }}
  root {dir}/files;
  expires 1d;
  server {{ listen 127.0.0.1:{http}; }}
  server {{ listen 127.0.0.1:{https} ssl{http2}; {behind} ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; }}
}}
"""


BEHIND = "location /behind/ { proxy_pass http://ENDPOINT; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 120s; }"


class RealOrigin:
    """`with RealOrigin(directory, ["updates.test"]) as origin`: names of the certificate; files are in `origin.files`. `behind`: the endpoint
    of a server whose pages under /behind/ are sent on as they come, over HTTP/2 where the client speaks it."""

    def __init__(self, directory: pathlib.Path, names: list[str], behind: str = ""):
        self.directory = directory
        self.files = directory / "files"
        self.files.mkdir(parents=True)
        self.authority = directory / "cert.pem"
        self.http, self.https = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={names[0]}",
                        "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-keyout", directory / "key.pem", "-out", self.authority],
                       check=True, capture_output=True)
        (directory / "nginx.conf").write_text(CONFIG.format(dir=directory, user="user root root;" if os.geteuid() == 0 else "", http=self.http.rpartition(":")[2], https=self.https.rpartition(":")[2],
                                                             http2=" http2" if behind else "", behind=BEHIND.replace("ENDPOINT", behind) if behind else ""))

    def put(self, path: str, content: Content | bytes):
        file = self.files / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.read())
        os.utime(file, (1_700_000_000, 1_700_000_000))

    def asked(self, path: str) -> list[tuple[int, int]]:
        """Status and body bytes of each finished GET of the path."""
        log = self.directory / "asked.log"
        rows = [line.split(" ", 5) for line in log.read_text().splitlines()] if log.exists() else []
        return [(int(row[3]), int(row[4])) for row in rows if row[1] == path and row[2] == "GET"]

    def __enter__(self) -> "RealOrigin":
        self._process = subprocess.Popen(["/usr/sbin/nginx", "-c", self.directory / "nginx.conf", "-e", self.directory / "error.log"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client.eventually(lambda: self._process.poll() is not None or (self.directory / "nginx.pid").exists())
        assert self._process.poll() is None, (self.directory / "error.log").read_text()
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
