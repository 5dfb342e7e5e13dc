"""Between a gateway and the daemon's webhook listener: passes callbacks on, and keeps them; or loses them, as networks do."""
import http.server
import threading
import urllib.error
import urllib.request

TIMEOUT_S = 20


class HookGate:
    def __enter__(self):
        gate = self
        self.target = None     # "http://127.0.0.1:port", where callbacks go on to
        self.is_closed = False  # callbacks are answered with 503 and go nowhere
        self.seen = []         # (path, status that the daemon answered, or None)
        self.faults = []       # why the daemon could not be asked
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status = None if gate.is_closed else gate.pass_on(self.path)
                with gate.lock:
                    gate.seen.append((self.path, status))
                self.send_response(status or 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, path):
        """The status that the daemon answers."""
        try:
            with urllib.request.urlopen(self.target + path, timeout=TIMEOUT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError as fault:
            self.faults.append(repr(fault))
            return 502

    def callbacks(self, **fields):
        """Those whose query has all these fields, e.g. type=1."""
        with self.lock:
            seen = list(self.seen)
        return [(path, status) for path, status in seen if all(f"{name}={value}&" in path + "&" for name, value in fields.items())]
