"""Responsible for speaking exactly as the workers of the seeds' time do (docs/explanation/compatibility.md): one sequential loop of presence, inbox, claim,
handler, close, with nulls in its bodies, its name as it is in the query, and no word while the handler runs. It knows no lease.

    seed_worker.py NAME      MODELREINS_URL and MODELREINS_TOKEN in the environment; NAME may be left out

The prompt says what the handler does: "sleep 3", "await FILE" (until there is one), "raise words", "show" (the job as listed),
"upload NAME text", "review title", "escalate words"; anything else is echoed. Lines on stdout tell what happened.
"""

import json
import os
import secrets
import socket
import sys
import time
import urllib.request

URL = os.environ["MODELREINS_URL"]
TOKEN = os.environ["MODELREINS_TOKEN"]
NAME = sys.argv[1] if len(sys.argv) > 1 else f"{socket.gethostname()}-{os.getpid()}"
INTERVAL = 0.2


class Refused(Exception):
    pass


def send(method, path, data=None, content_type="application/json"):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content_type}
    request = urllib.request.Request(URL + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} {path} {error.code} {json.loads(error.read()).get('code')}") from None


def call(method, path, body=None):
    return send(method, path, None if body is None else json.dumps(body).encode())


def presence():
    answer = call(
        "PUT",
        "/presence",
        {"instance": NAME, "status": "active", "details": None, "tags": None, "worker_type": "silicon"},
    )
    assert isinstance(answer, dict)


def inbox():
    return call("GET", f"/my-jobs?worker={NAME}&status=pending").get("jobs", [])


def close(job_id, result, status):
    return call("POST", f"/jobs/{job_id}/close", {"result": result, "status": status})


def upload(data, content_type, filename, job_id):
    boundary = "----WorkerBoundary" + secrets.token_hex(12)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: {content_type}\r\n\r\n'.encode()
        + data
        + b"\r\n"
    ]
    for name, value in (("job_id", job_id), ("filename", filename)):
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    parts.append(f"--{boundary}--\r\n".encode())
    return send("POST", "/artifacts/upload", b"".join(parts), f"multipart/form-data; boundary={boundary}")


def review(title, job_id):
    return call(
        "POST",
        "/review",
        {
            "type": "post",
            "title": title,
            "content": "What would be posted",
            "preview": None,
            "target": None,
            "job_id": job_id,
            "created_by": f"worker:{NAME}",
        },
    )


def handle(job):
    verb, _, rest = job["prompt"].partition(" ")
    if verb == "sleep":
        time.sleep(float(rest))
        return f"slept {rest}"
    if verb == "await":
        while not os.path.exists(rest):
            time.sleep(0.05)
        return "it is there"
    if verb == "raise":
        raise ValueError(rest)
    if verb == "show":
        return json.dumps(job)
    if verb == "upload":
        filename, _, text = rest.partition(" ")
        return json.dumps(upload(text.encode(), "text/plain", filename, job["id"]))
    if verb == "review":
        answer = review(rest, job["id"])
        assert isinstance(answer["id"], int)
        return str(answer["id"])
    return f"echo: {job['prompt']}"


def run(job):
    try:
        call("POST", f"/jobs/{job['id']}/claim", {"worker": NAME})
    except Refused as refusal:
        print("skipped", job["id"], refusal, flush=True)
        return
    print("claimed", job["id"], flush=True)
    try:
        if job["prompt"].startswith("escalate "):
            close(job["id"], job["prompt"][9:], "escalated")
            return
        result = handle(job)
        close(job["id"], result, "done")
        print("done", job["id"], flush=True)
    except Exception as error:
        # This also runs when the reply to "done" was lost: the job then gets "failed" after "done".
        print("failed", job["id"], type(error).__name__, flush=True)
        close(job["id"], f"{type(error).__name__}: {error}", "failed")


while True:
    try:
        presence()
        jobs = inbox()
        for job in jobs:
            run(job)
        if not jobs:
            time.sleep(INTERVAL)
    except (Refused, OSError) as error:
        print("trouble", error, flush=True)
        time.sleep(INTERVAL)
