# SPDX-License-Identifier: MIT
"""Chromium without a window, driven by WebDriver (chromium-driver). It knows no host but this machine, so a page that asks
elsewhere fails, and is heard of by errors()."""

import base64
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

from larder import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of W3C WebDriver

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
             "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync", "--hide-scrollbars",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


class Browser:
    def __init__(self, downloads):
        port = free_port()
        self._base = f"http://127.0.0.1:{port}"
        self._driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "LANG": "C.UTF-8", "HOME": str(downloads)})
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.downloads = downloads
        deadline = time.monotonic() + 60
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    break
            except OSError:
                assert self._driver.poll() is None, "chromedriver ended at once"
                assert time.monotonic() < deadline, "chromedriver does not answer"
                time.sleep(0.05)
        wanted = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                  "goog:chromeOptions": {"args": ARGUMENTS, "prefs": {"download.default_directory": str(downloads)}}}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._base += "/session/" + session["sessionId"]

    def close(self):
        try:
            self._call("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(30)

    def _call(self, method: str, path: str, body: dict | None = None):
        request = urllib.request.Request(self._base + path, method=method, data=json.dumps(body or {}).encode() if method == "POST" else None,
                                         headers={"Content-Type": "application/json"})
        try:
            with self._opener.open(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as failure:
            raise AssertionError(json.load(failure)["value"]["message"][:500]) from None

    def go(self, url: str):
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments):
        """What the script, the body of a function, returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def promised(self, script: str, *arguments):
        """The same of the body of an async function."""
        text = ("const done = arguments[arguments.length - 1]; "
                f"(async function() {{ {script} }}).apply(null, arguments).then(done, (e) => done('failed: ' + e))")
        return self._call("POST", "/execute/async", {"script": text, "args": list(arguments)})

    def cdp(self, command: str, **parameters):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, width: int, height: int = 900, theme: str = "light"):
        """How wide the page is, and whether its reader likes it dark."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def picture(self) -> bytes:
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        return base64.b64decode(self.cdp("Page.captureScreenshot", captureBeyondViewport=True,
                                         clip={"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1})["data"])

    def text(self, selector: str = "body") -> str:
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def count(self, selector: str) -> int:
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def _element(self, selector: str) -> str:
        return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector: str):
        self._call("POST", f"/element/{self._element(selector)}/click")

    def type(self, selector: str, text: str):
        self._call("POST", f"/element/{self._element(selector)}/value", {"text": text})

    def press(self, *keys: str):
        """Keys to whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def errors(self) -> list[str]:
        """What the page complained of since the last time: exceptions, refused loads, violations of its policy."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]


TAB, ENTER = "\ue004", "\ue007"
