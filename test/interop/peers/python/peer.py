# The Python peer of the interop tests: the ssl module, driven by lines on standard input (see ../worker.ts).
import os
import socket
import ssl
import sys
import threading

lock = threading.Lock()


def say(verb, ident, **fields):
    text = "\t".join([verb, "id=" + ident] + [f"{name}={value}" for name, value in fields.items()])
    with lock:
        print(text.replace("\n", " ").replace("\r", " "), flush=True)


contexts = {}
sessions = {}


def context(f, side):
    """One for all connections that say resume=1: its ticket keys and sessions go on."""
    key = (side, f["version"], f.get("cert"))
    if f.get("resume") != "1" or key not in contexts:
        contexts[key] = fresh_context(f, side)
    c = contexts[key]
    c.keylog_filename = os.path.join(f["log"], f"python-{f['id']}.keys")
    return c


def fresh_context(f, side):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if side == "server" else ssl.PROTOCOL_TLS_CLIENT)
    c.minimum_version = c.maximum_version = ssl.TLSVersion.TLSv1_2 if f["version"] == "1.2" else ssl.TLSVersion.TLSv1_3
    c.load_verify_locations(f["ca"])
    if f.get("cert"):
        c.load_cert_chain(f["cert"], f["key"])
    if f["require"] == "1":
        c.verify_mode = ssl.CERT_REQUIRED
    return c


def line(conn):
    text = b""
    while not text.endswith(b"\n"):
        part = conn.recv(4096)
        if not part:
            raise EOFError("closed before a line came")
        text += part
    return text.decode("latin-1").strip()


def finish(f, received):
    with open(os.path.join(f["log"], f"python-{f['id']}.keys")) as keys:
        say("done", f["id"], received=received, exporter="", keylog=";".join(keys.read().splitlines()))


def serve(f):
    c = context(f, "server")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        say("listening", f["id"], port=listener.getsockname()[1])
        raw, _ = listener.accept()
    raw.settimeout(20)
    with c.wrap_socket(raw, server_side=True) as conn:
        received = text = line(conn)
        while text:
            conn.sendall(f"echo:{text}\n".encode("latin-1"))
            more = conn.recv(4096)
            text = more.decode("latin-1").strip()
        conn.unwrap()
    finish(f, received)


def dial(f):
    c = context(f, "client")
    raw = socket.create_connection(("127.0.0.1", int(f["port"])), 20)
    with c.wrap_socket(raw, server_hostname="localhost", session=sessions.get(c)) as conn:
        conn.sendall(f"{f['message']}\n".encode("latin-1"))
        received = line(conn)
        if f.get("resume") == "1":
            sessions[c] = conn.session
        conn.unwrap()
    finish(f, received)


def work(what, f):
    try:
        what(f)
    except Exception as error:
        say("failed", f["id"], why=repr(error))


for command in sys.stdin:
    verb, *parts = command.rstrip("\n").split("\t")
    what = {"serve": serve, "dial": dial}.get(verb)
    if what:
        threading.Thread(target=work, args=(what, dict(part.split("=", 1) for part in parts)), daemon=True).start()
