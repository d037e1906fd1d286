"""A real browser, driven over the DevTools protocol through a pipe: no port, no network, no profile left behind."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
SECONDS = 60

# What the page must not do, in the browser's own words.
FAULTS = """
(() => {
  const faults = [], width = document.documentElement.clientWidth;
  const scrolls = element => { for (let e = element; e; e = e.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX) && e !== document.body) return true; };
  if (document.documentElement.scrollWidth > width) faults.push('the page is wider than the window');
  for (const e of document.querySelectorAll('body *')) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > width + 1 || box.left < -1) && !scrolls(e))
      faults.push('overflows: ' + e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40));
  }
  for (const e of document.images) if (!e.complete || !e.naturalWidth) faults.push('broken image: ' + e.alt);
  for (const e of document.querySelectorAll('table')) if (!e.tBodies[0] || !e.tBodies[0].rows.length)
    faults.push('empty table: ' + e.textContent.slice(0, 40));
  for (const e of document.querySelectorAll('svg')) { const box = e.getBoundingClientRect();
    if (!box.width || !box.height) faults.push('empty svg: ' + e.outerHTML.slice(0, 80)); }
  if (document.scripts.length) faults.push('there is a script');
  return faults;
})()
"""


class Page:
    """A page open in a browser, used as a context manager.

    Attributes:
        events: every event that the browser sent.
    """

    def __init__(self, path: Path) -> None:
        self._url, self.events, self._number, self._buffer = path.resolve().as_uri(), [], 0, b""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        (commands, self._write), (self._read, answers) = os.pipe(), os.pipe()

        def as_3_and_4() -> None:
            kept, other = os.dup(commands), os.dup(answers)
            os.dup2(kept, 3)
            os.dup2(other, 4)

        # The browser's helpers outlive it for a moment, so all of them are one group that ends as a whole.
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            preexec_fn=as_3_and_4,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        target = next(one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=self._url)
        self._until(lambda message: message.get("method") == "Page.loadEventFired")
        return self

    _session = None

    def __exit__(self, *_):
        os.killpg(self._process.pid, 9)
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()

    def ask(self, method, **parameters):
        """One command and its answer."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda one: one.get("id") == number)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def _until(self, wanted):
        deadline = time.monotonic() + SECONDS
        while True:
            while b"\0" in self._buffer:
                raw, self._buffer = self._buffer.split(b"\0", 1)
                message = json.loads(raw)
                if "method" in message:
                    self.events.append(message)
                if wanted(message):
                    return message
            ready, _, _ = select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no answer from {CHROMIUM} in {SECONDS} s"
            self._buffer += os.read(self._read, 1 << 20)

    def look(self, width, dark=False, media="screen"):
        """Sets the window's width and the colour scheme."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def value(self, expression):
        """What a JavaScript expression is in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def faults(self):
        """What is wrong with how the page looks at its present width."""
        return self.value(FAULTS)

    def screenshot(self, path):
        """The whole page as PNG."""
        answer = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=self._whole())
        path.write_bytes(base64.b64decode(answer["data"]))

    def _whole(self):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def pdf(self):
        """The page as it is printed."""
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"])

    def happened(self, method):
        """Events of one kind."""
        return [event["params"] for event in self.events if event["method"] == method]
