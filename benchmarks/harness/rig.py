"""Where a run takes place: its folder, its cores, the model everybody is in front of."""

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from harness import bodies, processes, tools
from harness.problems import Problem

_BACKEND = """
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
daemon off; worker_processes 1; pid {folder}/{word}.pid; error_log {folder}/{word}.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_body_buffer_size 256k;
  client_body_temp_path {folder}/backend-body; proxy_temp_path {folder}/backend-proxy;
  fastcgi_temp_path {folder}/backend-f; uwsgi_temp_path {folder}/backend-u; scgi_temp_path {folder}/backend-s;
  init_by_lua_block {{
    answers = {{}}
    for _, name in ipairs({{{names}}}) do
      local file = io.open("{folder}/" .. name .. ".down", "rb")
      answers[name] = file:read("*a")
      file:close()
    end
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    {locations}
  }}
  server {{
    listen 127.0.0.1:{grpc_port} backlog=4096 http2;
    location = {call} {{
      add_trailer grpc-status 0;
      content_by_lua_block {{
        ngx.req.read_body()
        ngx.header["Content-Type"] = "application/grpc"
        ngx.print(answers["{call_name}"])
      }}
    }}
  }}
}}
"""

# The request's body is read before the answer begins, as a model does.
_LOCATION = """
    location ~ ^(/model/m)?/{name}$ {{
      content_by_lua_block {{
        ngx.req.read_body()
        ngx.header["Content-Type"] = "application/json"
        ngx.header["Content-Length"] = #answers["{name}"]
        ngx.print(answers["{name}"])
      }}
    }}
"""


# A model that says one word after the other, {gap} seconds apart.
_EVENTS = """
    location ~ ^(/model/m)?/{name}$ {{
      content_by_lua_block {{
        ngx.req.read_body()
        ngx.header["Content-Type"] = "text/event-stream"
        local size = #answers["{name}"] / {events}
        for i = 0, {events} - 1 do
          ngx.print(string.sub(answers["{name}"], i * size + 1, (i + 1) * size))
          ngx.flush(true)
          ngx.sleep({gap})
        end
      }}
    }}
"""
EVENT_GAP = 0.002


@dataclass
class Rig:
    """The folder, the core that is measured and those of load and model."""

    folder: pathlib.Path
    measured: list[int]
    others: list[int]
    backend_port: int = 0
    grpc_port: int = 0

    @staticmethod
    def make(measured: int, others: Sequence[int], place: str | None) -> "Rig":
        """A rig in a new folder below `place`, or where temporary files go."""
        have = os.sched_getaffinity(0)
        if not {measured, *others} <= have or measured in others:
            raise Problem(
                f"cores: measured={measured}, others={list(others)}; allowed: two or more"
                f" different ones of {sorted(have)}"
            )
        place = place or _on_disk(tempfile.gettempdir())
        folder = pathlib.Path(tempfile.mkdtemp(prefix="loopgate-bench-", dir=place))
        folder.chmod(0o755)  # a server that gives up root reads its files here
        bodies.write(folder)
        os.sched_setaffinity(0, others)
        return Rig(folder, [measured], list(others))

    def start_backend(self) -> processes.Started:
        self.backend_port, self.grpc_port = processes.free_port(), processes.free_port()
        backend = self.backend("backend", self.backend_port, self.grpc_port)
        backend.await_port(self.backend_port)
        return backend

    def backend(self, word: str, port: int, grpc_port: int, within: Sequence[str] = ()) -> processes.Started:
        """The model, once more, at these ports; `within` is put before its command."""
        names = ",".join(f'"{one.name}"' for one in bodies.ALL)
        text = _BACKEND.format(
            modules=nginx_modules(),
            folder=self.folder,
            word=word,
            port=port,
            grpc_port=grpc_port,
            call=bodies.CALL.call,
            call_name=bodies.CALL.name,
            names=names,
            locations="".join(
                (_EVENTS if one.events else _LOCATION).format(name=one.name, events=one.events, gap=EVENT_GAP)
                for one in bodies.ALL
                if not one.call
            ),
        )
        config = self.folder / f"{word}.conf"
        config.write_text(text)
        log = self.folder / f"{word}.log"
        command = [*within, tools.path("nginx"), "-c", str(config)]
        return processes.Started(word, command, self.others, log)

    def model_port(self, grpc: bool) -> int:
        """Where the model answers what is asked like that."""
        return self.grpc_port if grpc else self.backend_port

    def certificate(self) -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate for the doors that take TLS, and its key."""
        cert, key = self.folder / "door.pem", self.folder / "door.key"
        if not cert.exists():
            kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
            name = ["-subj", "/CN=door", "-addext", "subjectAltName=IP:127.0.0.1"]
            files = ["-keyout", str(key), "-out", str(cert)]
            tools.run([tools.path("openssl"), "req", "-x509", *kind, *name, *files])
            key.chmod(0o644)  # a server that gives up root reads it, and it is worth nothing
        return cert, key

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def nginx_modules() -> str:
    """Where the modules of nginx lie."""
    for folder in ("/usr/lib/nginx/modules", "/usr/share/nginx/modules"):
        if pathlib.Path(folder, "ngx_http_lua_module.so").exists():
            return folder
    raise Problem("missing: nginx's lua module (Debian package nginx-extras); run ./benchmarks/setup")


def file_system(folder: pathlib.Path | str) -> str:
    """The kind of file system, like `ext2/ext3`."""
    command = ["stat", "-f", "-c", "%T", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _on_disk(folder: str) -> str:
    # In a tmpfs nothing is forced: its figures would be about memory.
    return "/var/tmp" if file_system(folder) == "tmpfs" else folder
