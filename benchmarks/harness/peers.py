"""What others use: each passes requests on to the same model, some keep the bodies."""

import json
import pathlib
from typing import Protocol

from harness import bodies, processes, proc, rig, tools, ways


class Peer(Protocol):
    """Something in front of the model."""

    name: str

    def start(self) -> None:
        """Starts it; when this returns it serves."""

    def url(self, exchange: bodies.Exchange) -> str:
        """Where requests go."""

    def pids(self) -> dict[str, int]:
        """Its processes by what they are; children belong to them."""

    def settle(self) -> None:
        """Waits until it has nothing left to do."""

    def stop(self) -> None:
        """Ends it in order."""

    def count_back(self, sent: int) -> None:
        """After the stop: raises if what it promises to have kept is not there."""

    def threads_of(self) -> int | None:
        """The process whose threads are told apart."""

    def resident(self) -> proc.Resident:
        """Its memory."""

    def remarks(self) -> dict[str, float]:
        """After the stop: what else is to be known of the run."""


class _Server:
    """What the peers that are not ours have in common: one config, one port, nothing to count."""

    name = ""

    def __init__(self, where: rig.Rig, way: ways.Way = ways.PLAIN) -> None:
        self.rig = where
        self.way = way
        self.port = 0
        self.folder = pathlib.Path()
        self.started: dict[str, processes.Started] = {}

    def _begin(self) -> None:
        self.port = processes.free_port()
        self.folder = self.rig.folder / f"{self.name}-{self.port}"
        self.folder.mkdir()
        self.folder.chmod(0o777)  # nginx's worker writes its log as another user
        self.started = {}

    def _run(self, name: str, *command: str) -> processes.Started:
        log = self.folder / f"{name}.out"
        started = processes.Started(name, command, self.rig.measured, log)
        self.started[name] = started
        return started

    def url(self, exchange: bodies.Exchange) -> str:
        return f"{self.way.scheme}://127.0.0.1:{self.port}{exchange.path}"

    def pids(self) -> dict[str, int]:
        return {name: started.pid for name, started in self.started.items()}

    def settle(self) -> None:
        return

    def stop(self) -> None:
        for started in reversed(list(self.started.values())):
            started.stop()

    def count_back(self, sent: int) -> None:
        return

    def threads_of(self) -> int | None:
        return None

    def resident(self) -> proc.Resident:
        sizes = [proc.resident(pid) for pid in self.pids().values()]
        return proc.Resident(sum(size.total for size in sizes), 0)

    def remarks(self) -> dict[str, float]:
        return {}


class Direct(_Server):
    """Nothing in between: the model itself."""

    name = "direct"

    def start(self) -> None:
        self.port = self.rig.backend_port
        self.started = {}


_NGINX = """
{load}
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/err;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_buffer_size 256k; client_max_body_size 64m; proxy_buffers 16 16k;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {http}
  upstream model {{ server 127.0.0.1:{backend}; keepalive 512; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096{speaks};
    location / {{
      {passing}
      {location}
    }}
  }}
}}
"""


_PASSING = 'proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";'


class Nginx(_Server):
    """nginx, passing through."""

    name = "nginx"
    load, http, location = "", "", ""

    def start(self) -> None:
        self._begin()
        config = self.folder / "nginx.conf"
        values = {"folder": self.folder, "port": self.port, "backend": self.rig.model_port(self.way.grpc)}
        http, location, speaks = self.http, self.location, ""
        passing = "grpc_pass grpc://model;" if self.way.grpc else _PASSING
        if self.way.tls:
            cert, key = self.rig.certificate()
            http += f"ssl_certificate {cert}; ssl_certificate_key {key};"
            speaks = " ssl"
        if self.way.http2:
            speaks += " http2"
        if not self.way.buffers:
            location += "proxy_buffering off;"
        parts = {"load": self.load, "http": http, "location": location}
        filled = {name: part.format(modules=rig.nginx_modules(), **values) for name, part in parts.items()}
        config.write_text(_NGINX.format(speaks=speaks, passing=passing, **filled, **values))
        self._run("nginx", tools.path("nginx"), "-c", str(config)).await_port(self.port)


class NginxLua(Nginx):
    """nginx with lua: one JSON line with both bodies, as its users write it; never forced."""

    name = "nginx-lua"
    load = "load_module {modules}/ndk_http_module.so; load_module {modules}/ngx_http_lua_module.so;"
    http = (
        "log_format bodies escape=json '{{\"time\":\"$time_iso8601\",\"request_id\":\"$request_id\","
        '"method":"$request_method","uri":"$request_uri","status":"$status",'
        '"duration":"$request_time","request":"$request_body","response":"$kept"}}\';'
    )
    location = """
      set $kept "";
      body_filter_by_lua_block {{
        local chunk = ngx.arg[1]
        if chunk and #chunk > 0 then
          local parts = ngx.ctx.parts
          if not parts then parts = {{}}; ngx.ctx.parts = parts end
          parts[#parts + 1] = chunk
        end
        if ngx.arg[2] and ngx.ctx.parts then ngx.var.kept = table.concat(ngx.ctx.parts) end
      }}
      access_log {folder}/bodies.log bodies;
    """

    def count_back(self, sent: int) -> None:
        self.lines = 0
        with open(self.folder / "bodies.log", "rb") as log:
            for line in log:
                self.lines += 1 if line.endswith(b"}\n") else 0
        self.sent = sent

    def remarks(self) -> dict[str, float]:
        return {"kept": self.lines, "sent": self.sent}


_HAPROXY = """
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 300s
  timeout server 300s
frontend door
  bind 127.0.0.1:{port}
  default_backend model
backend model
  server model 127.0.0.1:{backend}
"""


class Haproxy(_Server):
    """HAProxy, passing through."""

    name = "haproxy"

    def start(self) -> None:
        self._begin()
        config = self.folder / "haproxy.cfg"
        config.write_text(_HAPROXY.format(port=self.port, backend=self.rig.backend_port))
        self._run("haproxy", tools.path("haproxy"), "-db", "-f", str(config)).await_port(self.port)


_HTTP2 = {
    "typed_extension_protocol_options": {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {"max_concurrent_streams": 128}},
        }
    }
}


class Envoy(_Server):
    """Envoy, passing through."""

    name = "envoy"

    def start(self) -> None:
        self._begin()
        self._start_envoy(filters=[], clusters=[])

    def _start_envoy(self, filters: list[dict], clusters: list[dict]) -> None:
        config = self.folder / "envoy.json"
        config.write_text(json.dumps(self._config(filters, clusters)))
        command = [tools.path("envoy"), "-c", str(config), "--disable-hot-restart"]
        command += ["--concurrency", "1", "--log-level", "warning"]
        self._run("envoy", *command).await_port(self.port)

    def _config(self, filters: list[dict], clusters: list[dict]) -> dict:
        router = {"name": "router", "typed_config": {"@type": _type("http.router.v3.Router")}}
        route = {"match": {"prefix": "/"}, "route": {"cluster": "model", "timeout": "300s"}}
        manager = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network"
            ".http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "door",
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
            "http_filters": [*filters, router],
        }
        chain: dict = {"filters": [{"name": "http", "typed_config": manager}]}
        if self.way.tls:
            chain["transport_socket"] = {"name": "tls", "typed_config": self._tls()}
        listener = {"name": "door", "address": _address(self.port), "filter_chains": [chain]}
        model = _cluster("model", self.rig.model_port(self.way.grpc)) | (_HTTP2 if self.way.grpc else {})
        resources = {"listeners": [listener], "clusters": [model, *clusters]}
        return {"static_resources": resources}


    def _tls(self) -> dict:
        cert, key = self.rig.certificate()
        files = {"certificate_chain": {"filename": str(cert)}, "private_key": {"filename": str(key)}}
        return {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {"tls_certificates": [files]},
        }


class EnvoyExtProc(Envoy):
    """Envoy that streams both bodies, as an observer, to a service that drops them."""

    name = "envoy-extproc"

    def start(self) -> None:
        self._begin()
        self.sent = 0
        port = processes.free_port()
        self._run("sink", tools.path("sink"), "-listen", f"127.0.0.1:{port}").await_port(port)
        capture = {
            "@type": _type("http.ext_proc.v3.ExternalProcessor"),
            "grpc_service": {"envoy_grpc": {"cluster_name": "capture"}},
            "observability_mode": True,
            "failure_mode_allow": True,
            "processing_mode": {
                "request_header_mode": "SEND",
                "response_header_mode": "SEND",
                "request_body_mode": "STREAMED",
                "response_body_mode": "STREAMED",
                "request_trailer_mode": "SEND",
                "response_trailer_mode": "SEND",
            },
        }
        self._start_envoy([{"name": "capture", "typed_config": capture}], [_cluster("capture", port) | _HTTP2])

    def count_back(self, sent: int) -> None:
        self.sent = sent

    def remarks(self) -> dict[str, float]:
        words = self.started["sink"].words().split()
        counts = dict(word.split("=", 1) for word in words if "=" in word)
        return {"kept": float(counts.get("whole", 0)), "sent": self.sent}


def _type(name: str) -> str:
    return f"type.googleapis.com/envoy.extensions.filters.{name}"


def _address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int) -> dict:
    limits = {"max_connections": 65536, "max_pending_requests": 65536, "max_requests": 65536}
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
