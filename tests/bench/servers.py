# SPDX-License-Identifier: MIT
"""The servers side by side: Larder, nginx, Varnish and HAProxy in front of one nginx that is the origin.

Each cache runs in its best configuration for the job, from Debian's packages, on as many workers as there are cores. The
peers write no access log; Larder has its ledger, which cannot be turned off: that is in the peers' favour.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

HOST, PASSED_HOST = "origin.bench", "passed.bench"
CORES = os.cpu_count() or 2
TICKS = os.sysconf("SC_CLK_TCK")
GB = 1_000_000_000
MiB = 1 << 20

NGINX_HEAD = """
daemon off; worker_processes {workers}; worker_rlimit_nofile 65536; pid {dir}/nginx.pid; error_log {dir}/error.log warn;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  sendfile on; sendfile_max_chunk 1m; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 600; reset_timedout_connection on;
  open_file_cache max=10000 inactive=3600s; open_file_cache_valid 3600s; open_file_cache_min_uses 1;
  client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
  default_type application/octet-stream;
"""

ORIGIN = NGINX_HEAD + """
  log_format asked '$uri $request_method $status $body_bytes_sent "$http_range"';
  access_log {dir}/asked.log asked;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    listen 127.0.0.1:{tls} ssl reuseport backlog=4096;
    ssl_certificate {certificate}; ssl_certificate_key {certificate}; ssl_session_cache shared:s:10m;
    add_header Cache-Control "max-age=604800";
    location ~ ^/fast/[^/]+/(.*)$ {{ alias {files}/$1; }}
    location ~ ^/slow/[^/]+/(.*)$ {{ alias {files}/$1; limit_rate 100m; }}
  }}
}}
"""

CACHE = NGINX_HEAD + """
  access_log off;
  proxy_cache_path {dir}/cache levels=1:2 keys_zone=c:64m max_size=40g inactive=7d use_temp_path=off;
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 32; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host {host};
  proxy_cache c; proxy_cache_valid 200 206 7d; proxy_cache_lock on; proxy_cache_lock_timeout 1h; proxy_cache_lock_age 1h;
  proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    listen 127.0.0.1:{tls} ssl reuseport backlog=4096;
    ssl_certificate {certificate}; ssl_certificate_key {certificate}; ssl_session_cache shared:s:10m; ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ {location} proxy_pass http://origin; }}
  }}
}}
"""

# What passes TLS through by its server name, to the origin's TLS port.
STREAM = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes {workers}; worker_rlimit_nofile 65536; pid {dir}/nginx.pid; error_log {dir}/error.log warn;
events {{ worker_connections 16384; multi_accept on; }}
stream {{
  map $ssl_preread_server_name $upstream {{ {host} 127.0.0.1:{origin}; }}
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096; ssl_preread on; tcp_nodelay on;
    proxy_pass $upstream; proxy_buffer_size 64k; proxy_timeout 600s;
  }}
}}
"""

HAPROXY = """
global
  nbthread {workers}
  maxconn 4000
  tune.pipesize 1048576
defaults
  mode tcp
  option splice-auto
  timeout connect 5s
  timeout client 600s
  timeout server 600s
frontend in
  bind 127.0.0.1:{port}
  tcp-request inspect-delay 5s
  tcp-request content accept if {{ req.ssl_hello_type 1 }}
  use_backend out if {{ req.ssl_sni -i {host} }}
backend out
  server origin 127.0.0.1:{origin}
"""

VCL = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{origin}"; .max_connections = 256; }}
sub vcl_recv {{ return (hash); }}
sub vcl_backend_response {{ set beresp.do_stream = true; set beresp.ttl = 7d; set beresp.grace = 1h; }}
"""

LARDER = """
[listen]
http = ["127.0.0.1:{port}"]
tls = ["127.0.0.1:{tls}"]
sni = ["127.0.0.1:{passing}"]
admin = ["127.0.0.1:{admin}"]
[storage]
path = "{dir}/state"
cache_size = "40 GiB"
reserve = "1 GiB"
[tls]
certificate = "{certificate}"
key = "{certificate}"
[origins]
vendors = []
[[origins.host]]
name = "{host}"
connect_to = "127.0.0.1:{origin}"
scheme = "http"
[[origins.host]]
name = "{passed_host}"
connect_to = "127.0.0.1:{origin_tls}"
scheme = "https"
"""


def certificate(directory: pathlib.Path) -> pathlib.Path:
    """Certificate and key (ECDSA P-256, what all speak best) in one file, made once for a run."""
    file = directory / "certificate.pem"
    if not file.exists():
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
                               "-addext", f"subjectAltName=DNS:{HOST},DNS:{PASSED_HOST}", "-keyout", "-", "-out", "-"], check=True, capture_output=True)
        file.write_bytes(made.stdout)
        file.chmod(0o600)
    return file


def free_port() -> int:
    """Below the ports of outgoing connections: none of these takes it before the server does, and who tries whether the
    server listens yet is not connected to itself."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """One server of the comparison."""
    name = ""

    def __init__(self, directory: pathlib.Path, origin_port: int):
        self.directory = directory / self.name
        self.directory.mkdir(parents=True)
        self.certificate = certificate(directory)
        self.origin_port = origin_port
        self.port, self.tls_port = free_port(), free_port()
        self.passing_port = self.port  # where TLS is passed through
        self.process: subprocess.Popen | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self):
        log = open(self.directory / "output.log", "ab")
        self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {(self.directory / 'output.log').read_text()[-3000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not listen")
            time.sleep(0.05)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                for pid in self.pids():
                    os.kill(pid, signal.SIGKILL)
                self.process.wait()

    def settle(self):
        """Waits until what was begun is done: what a server does after its answer belongs to the answer's cost."""

    # ---- accounting

    def pids(self) -> list[int]:
        """The server's processes: the one started and all below it."""
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    queue += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        return found

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                # Fields 14 and 15, counted after the name, which may hold anything.
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory_bytes(self) -> int:
        """Memory beyond the page cache: anonymous and shared-memory pages, each shared one counted once. Pages of files,
        and so of LMDB's and nginx's stores, are the page cache's."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                        total += int(line.split()[1]) * 1024
        return total

    def socket_bytes(self) -> int:
        """What the kernel holds for the server's clients: queued bytes and what they are charged for, of the server's
        ends only (`ss -m`: r receive, w send, f set aside, o options)."""
        seen = subprocess.run(["ss", "-tmnH", "sport", "=", f":{self.port}"], capture_output=True, text=True, check=True).stdout
        total = 0
        for memory in re.findall(r"skmem:\(([^)]*)\)", seen):
            parts = dict(re.findall(r"([a-z]+)(\d+)", memory))
            total += sum(int(parts.get(name, 0)) for name in ("r", "w", "f", "o"))
        return total


class Origin(Server):
    name = "origin"
    running: "Origin"  # the one that the servers are in front of

    def __init__(self, directory: pathlib.Path, files: pathlib.Path):
        super().__init__(directory, 0)
        Origin.running = self
        (self.directory / "nginx.conf").write_text(ORIGIN.format(workers=1, dir=self.directory, port=self.port, tls=self.tls_port, certificate=self.certificate, files=files))

    def command(self):
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(self.directory / "nginx.conf"), "-e", str(self.directory / "error.log")]

    def asked(self, path: str) -> list[tuple[int, int]]:
        """Status and body bytes of each finished GET for the path."""
        log = self.directory / "asked.log"
        rows = [line.split(" ", 4) for line in log.read_text().splitlines()] if log.exists() else []
        return [(int(row[2]), int(row[3])) for row in rows if row[0] == path and row[1] == "GET"]


class Nginx(Server):
    name = "nginx"
    location = "proxy_cache_key $uri;"

    def __init__(self, directory, origin_port):
        super().__init__(directory, origin_port)
        (self.directory / "nginx.conf").write_text(CACHE.format(
            workers=CORES, dir=self.directory, port=self.port, tls=self.tls_port, certificate=self.certificate, origin=origin_port, host=HOST,
            location=self.location))

    def command(self):
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(self.directory / "nginx.conf"), "-e", str(self.directory / "error.log")]


class NginxSlice(Nginx):
    """nginx with slices of 1 MiB: better at cold ranges, worse at nearly all else."""
    name = "nginx-slice"
    location = "slice 1m; proxy_set_header Range $slice_range; proxy_cache_key $uri$slice_range;"


class NginxStream(Nginx):
    """nginx that passes TLS through."""
    name = "nginx-stream"

    def __init__(self, directory, origin_port):
        super().__init__(directory, origin_port)
        (self.directory / "nginx.conf").write_text(STREAM.format(workers=CORES, dir=self.directory, port=self.port, origin=Origin.running.tls_port, host=PASSED_HOST))


class HAProxy(Server):
    """HAProxy in TCP mode, with splice."""
    name = "haproxy"

    def __init__(self, directory, origin_port):
        super().__init__(directory, origin_port)
        (self.directory / "haproxy.cfg").write_text(HAPROXY.format(workers=CORES, port=self.port, origin=Origin.running.tls_port, host=PASSED_HOST))

    def command(self):
        return [shutil.which("haproxy") or "/usr/sbin/haproxy", "-f", str(self.directory / "haproxy.cfg"), "-db"]


class Varnish(Server):
    name = "varnish"

    def __init__(self, directory, origin_port):
        super().__init__(directory, origin_port)
        (self.directory / "default.vcl").write_text(VCL.format(origin=origin_port))

    def command(self):
        return [shutil.which("varnishd") or "/usr/sbin/varnishd", "-F", "-n", str(self.directory / "work"), "-f", str(self.directory / "default.vcl"),
                "-a", f"127.0.0.1:{self.port}", "-s", "malloc,3G", "-j", "none", "-T", "none", "-p", "thread_pools=2", "-p", "thread_pool_min=200",
                "-p", "thread_pool_max=2000", "-p", "timeout_idle=600", "-p", "send_timeout=600", "-p", "idle_send_timeout=600"]


class Larder(Server):
    name = "larder"
    program = ""

    def __init__(self, directory, origin_port):
        super().__init__(directory, origin_port)
        self.admin, self.passing_port = free_port(), free_port()
        (self.directory / "larder.toml").write_text(LARDER.format(
            dir=self.directory, port=self.port, tls=self.tls_port, passing=self.passing_port, admin=self.admin, certificate=self.certificate, origin=origin_port,
            origin_tls=Origin.running.tls_port, host=HOST, passed_host=PASSED_HOST))

    def command(self):
        return [self.program, "--config", str(self.directory / "larder.toml")]

    def settle(self):
        """Until no fill runs and the store has nothing queued: the digest is taken then."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/api/v1/fills", timeout=5) as answer:
                    fills = json.load(answer)["items"]
                with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/api/v1/status", timeout=5) as answer:
                    text = answer.read().decode()
                if not fills and '"chunks_queued":0' in text.replace(" ", ""):
                    return
            time.sleep(0.05)
        raise RuntimeError("larder does not come to rest")


def all_servers(larderd: str) -> dict[str, type[Server]]:
    Larder.program = larderd
    return {kind.name: kind for kind in (Larder, Nginx, NginxSlice, NginxStream, HAProxy, Varnish)}


def make_file(files: pathlib.Path, name: str, size: int) -> str:
    """A file of random bytes, once. Its blocks differ, or a store that keeps equal pieces once would have an easy day."""
    path = files / name
    if not path.exists():
        block = os.urandom(16 * MiB)
        with open(path, "wb") as file:
            for at in range(0, size, len(block)):
                file.write((at.to_bytes(8, "big") + block[8:])[:size - at])
    return name


def make_files(directory: pathlib.Path) -> pathlib.Path:
    """The origin's files."""
    files = directory / "files"
    files.mkdir(parents=True, exist_ok=True)
    for name, size in {"4k": 4096, "256m": 256 * MiB, "1g": 1024 * MiB}.items():
        make_file(files, name, size)
    return files
