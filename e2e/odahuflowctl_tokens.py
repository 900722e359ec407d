"""The original's own client where tokens are asked for: logins, and who may do what. See `odahuflowctl`."""

import asyncio
import http.server
import json
import threading
import urllib.parse

import envoy_authz
import odahuflowctl as cli
from common import Gateway, check, wine_image

WRONG, MISSED = "Credentials are not correct", "Credentials are missed"
FORBIDDEN = "Got error from server: Forbidden (status: 403)"


class IdentityProvider:
    """Gives tokens for client credentials: what the client needs of OpenID Connect, and no more."""

    def __init__(self, token):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200, {"token_endpoint": f"http://127.0.0.1:{self.server.server_port}/token"})

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                asked.append(form)
                good = form.get("client_id") == ["robot"] and form.get("client_secret") == ["s3cret"]
                names = ("access_token", "refresh_token", "id_token")
                self.answer(200 if good else 401, dict.fromkeys(names, token) if good else {"error": "invalid_client"})

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


async def logins(folder, api, tokens, provider):
    """With a token, with client credentials, with neither; and out again (C-4, C-5, C-11, A-5)."""
    one = cli.Client(folder / "logins")
    success = "Success! Credentials have been saved."
    await one.refused(WRONG, "login", "--url", api, "--token", tokens["forged"])
    await one.refused(WRONG, "login", "--url", api, "--token", "no token")
    await one.says(success, "login", "--url", api, "--token", tokens["odahu_admin"])
    await one.says("id: wine", "dep", "get")
    await one.refused(WRONG, "dep", "--token", tokens["forged"], "get")  # an option beats the configuration
    await one.says("All authorization credentials have been removed", "logout")
    await one.refused(MISSED, "dep", "--url", api, "get")

    await one.says(success, "login", "--url", api, "--client_id", "robot", "--client_secret", "s3cret", "--issuer", provider.url)
    check(not provider.asked, f"asked for a token before it was needed: {provider.asked}")
    await one.says("id: wine", "dep", "get")
    check(provider.asked[0]["grant_type"] == ["client_credentials"], f"asked: {provider.asked}")
    await one.says("[]", "conn", "get")
    check(len(provider.asked) == 1, f"the token was not kept: {provider.asked}")
    await one.says("All authorization", "logout")
    wrong = ("--client-id", "robot", "--client-secret", "wrong", "--issuer-url", provider.url)
    await one.refused("Client credentials are not correct.", "dep", "--url", api, *wrong, "get")
    return one.calls


async def roles(folder, api, tokens, image):
    """Who may do what (A-1 to A-4)."""
    one = cli.Client(folder / "roles")
    await one.says("current:", "config", "set", "API_URL", api)

    def as_role(verb, role, *more):
        return (verb, "--token", tokens[role], *more)

    hub = one.file("hub.json", cli.connection("hub", username="ada", password="czNjcmV0"))
    await one.says("id: hub", *as_role("conn", "odahu_admin", "create", "-f", hub))
    manifest = one.file("merlot.json", cli.deployment("merlot", image, roleName="tasters"))
    for role in ("odahu_viewer", "tasters"):
        await one.refused(FORBIDDEN, *as_role("dep", role, "create", "-f", manifest))
    await one.says("Model merlot was deployed", *as_role("dep", "odahu_data_scientist", "create", "-f", manifest))
    for role in ("odahu_viewer", "odahu_data_scientist"):
        await one.says("merlot", *as_role("dep", role, "get"))
        await one.says("*****", *as_role("conn", role, "get", "--id", "hub"))
        await one.refused(FORBIDDEN, *as_role("conn", role, "get", "--id", "hub", "--decrypted"))
    await one.refused(FORBIDDEN, *as_role("conn", "odahu_data_scientist", "delete", "--id", "hub"))
    way = one.file("way.json", cli.route("way", "/custom/way", ("merlot", 100)))
    await one.refused(FORBIDDEN, *as_role("route", "odahu_data_scientist", "create", "-f", way))
    await one.refused(FORBIDDEN, *as_role("dep", "tasters", "get"))
    out = await one.says("Some errors detected:", *as_role("bulk", "odahu_data_scientist", "apply", way), code=1)
    check("Forbidden (status: 403)" in out, out)
    await one.says("created resources: 1 (ModelRoute way)", *as_role("bulk", "odahu_admin", "apply", way))

    address = ("--url-prefix", "/model/merlot", "--base-url", api, "--json", cli.WINE)
    for role in ("odahu_admin", "odahu_data_scientist", "tasters"):
        await one.says(cli.QUALITY, "model", "invoke", *address, "--token", tokens[role])
    for role in ("odahu_viewer", "others"):
        refused = f'Wrong status code returned: 403. Data: "". URL: "{api}/model/merlot/api/model/invoke"'
        await one.refused(refused, "model", "invoke", *address, "--token", tokens[role])
    await one.refused(WRONG, "model", "invoke", *address, "--token", tokens["forged"])
    await one.refused(MISSED, "model", "invoke", *address)  # I-1
    await one.says(cli.QUALITY, "model", "invoke", "--md", "merlot", "--json", cli.WINE, "--token", tokens["odahu_admin"])

    # A changed role takes effect.
    changed = one.file("changed.json", cli.deployment("merlot", image, roleName="others"))
    await one.says("Model merlot was deployed", *as_role("dep", "odahu_data_scientist", "edit", "-f", changed))
    await one.says(cli.QUALITY, "model", "invoke", *address, "--token", tokens["others"])
    await one.refused("Wrong status code returned: 403", "model", "invoke", *address, "--token", tokens["tasters"])

    _, out = await one.call([one.python, str(cli.ROOT / "e2e" / "client_odahu.py"), api, tokens["odahu_admin"]])
    check('"email": "ada@wine.test"' in out and '"username": "Ada"' in out, f"SDK: {out}")
    return one.calls


async def with_tokens(scratch):
    """All of it; how many calls."""
    folder = scratch / "tokens"
    folder.mkdir()
    issuer = envoy_authz.Issuer(folder)
    who = {"name": "Ada", "email": "ada@wine.test"}
    names = ("odahu_admin", "odahu_data_scientist", "odahu_viewer", "tasters", "others")
    tokens = {name: issuer.token([name], **who) for name in names}
    tokens["forged"] = f"{tokens['odahu_admin'][:-8]}AAAAAAAA"
    provider = IdentityProvider(tokens["odahu_admin"])
    options = ["--auth.jwks", str(issuer.jwks)]
    gateway = await asyncio.to_thread(Gateway, folder / "data", 0, folder / "gateway.log", options, role="up")
    try:
        api = cli.api_of(gateway)
        first = await logins(folder, api, tokens, provider)
        second = await roles(folder, api, tokens, wine_image(gateway))
        await asyncio.to_thread(gateway.stop)
        return first + second
    finally:
        provider.server.shutdown()
