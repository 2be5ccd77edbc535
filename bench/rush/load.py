"""The load: wrk, a client in C, so that it takes as little as possible of the machine that it shares."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

SCRIPT = """
local sessions = {}
for line in io.open("%(sessions)s"):lines() do sessions[#sessions + 1] = line end
local count = 0
math.randomseed(%(seed)d)
function request()
  count = count + 1
  local key = string.format("%%08x-%%08x-%%x", math.random(0, 2147483647), math.random(0, 2147483647), count)
  local headers = {
    ["content-type"] = "application/json", ["origin"] = "%(origin)s",
    ["cookie"] = "sessionid=" .. sessions[math.random(#sessions)], ["idempotency-key"] = key,
  }
  local body = '{"project":"hot","shares":' .. math.random(1, 5) .. '}'
  return wrk.format("POST", "/api/v1/stakes", headers, body)
end
local bad = 0
function response(status)
  if status ~= 201 then bad = bad + 1; if bad < 4 then print("status " .. status) end end
end
"""
TO_MS = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


class Load(NamedTuple):
    """What came of it: answers a second, and milliseconds to an answer."""

    per_second: float
    p50_ms: float
    p99_ms: float
    count: int


def check_wrk() -> None:
    """Stop where wrk is missing, saying how to get it."""
    if shutil.which("wrk") is None:
        raise SystemExit("this needs wrk, a load generator (Debian: apt-get install wrk)")


def storm(origin: str, folder: Path, *, connections: int, seconds: float, seed: int) -> Load:
    """Stakes from so many connections at once for a while, each with a random log-in and a new key."""
    script = folder / f"storm{seed}.lua"
    script.write_text(SCRIPT % {"sessions": folder / "sessions.txt", "origin": origin, "seed": seed})
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "--latency"]
    said = subprocess.run(
        [*command, "-s", str(script), origin], capture_output=True, text=True, check=True
    ).stdout
    bad = re.findall(r"^status .*|Non-2xx.*|Socket errors.*", said, re.MULTILINE)
    if bad:
        raise SystemExit(f"{origin}: not every stake was taken: {'; '.join(bad)}")
    return Load(
        float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        *(_ms(re.search(rf"{part}%\s+([\d.]+)(us|ms|s)", said)) for part in (50, 99)),
        int(re.search(r"(\d+) requests in", said)[1]),
    )


def _ms(found: re.Match[str]) -> float:
    return float(found[1]) * TO_MS[found[2]]
