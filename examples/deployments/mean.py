"""A model of one's own, in plain Python: it predicts the mean of each row's features.

Serves as Odahu's servers do, on the port in the variable PORT: GET /healthcheck, GET /api/model/info, POST /api/model/invoke.
"""

import http.server
import json
import os

NAME, VERSION = "mean", "1.0"
INFO = {
    "swagger": "2.0",
    "info": {"title": NAME, "version": VERSION},
    "paths": {
        "/api/model/invoke": {
            "post": {
                "summary": "The mean of each row",
                "consumes": ["application/json"],
                "produces": ["application/json"],
                "parameters": [{"in": "body", "name": "rows", "required": True, "schema": {"$ref": "#/definitions/Rows"}}],
                "responses": {"200": {"description": "One mean a row"}},
            }
        }
    },
    "definitions": {
        "Rows": {
            "type": "object",
            "properties": {"data": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}},
            "example": {"data": [[1, 2, 3]]},
        }
    },
}


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/healthcheck":
            self.answer(200, {})
        elif self.path == "/api/model/info":
            self.answer(200, INFO)
        else:
            self.answer(404, {"message": "not found"})

    def do_POST(self):
        try:
            rows = json.loads(self.rfile.read(int(self.headers["content-length"])))["data"]
            self.answer(200, {"prediction": [[sum(row) / len(row)] for row in rows], "columns": ["mean"]})
        except (ArithmeticError, KeyError, TypeError, ValueError) as e:
            self.answer(500, {"message": f"{type(e).__name__}: {e}"})

    def answer(self, status, said):
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("model-name", NAME)
        self.send_header("model-version", VERSION)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        if getattr(self, "path", "") != "/healthcheck":  # which is asked each second
            print(form % values, flush=True)


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((os.environ.get("MODEL_HOST", "127.0.0.1"), int(os.environ["PORT"])), Model).serve_forever()
