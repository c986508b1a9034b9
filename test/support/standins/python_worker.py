"""Responsible for a worker on the Python SDK whose prompts, of the form `VERB the rest`, select what its handler does.

    python_worker.py [SETTING=VALUE ...]      MODELREINS_URL and MODELREINS_TOKEN in the environment; settings as of Worker()
"""

import asyncio
import ctypes
import json
import os
import subprocess
import sys
import threading
import time

from modelreins_worker import Aborted, ActionRefused, Worker, run_command


def say(*words):
    # One write per line, so that lines of several threads are not mixed.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def sleep(rest, ctx):
    time.sleep(float(rest))
    return f"slept {rest}"


def hold(rest, ctx):
    """Blocks the process: PyDLL keeps the interpreter lock, so no other thread of the process runs."""
    ctypes.PyDLL(None).sleep(int(rest))
    return f"held {rest}"


def await_file(rest, ctx):
    while not os.path.exists(rest):
        ctx.check()
        time.sleep(0.02)
    return "it is there"


def spin(rest, ctx):
    """Never checks whether the attempt was aborted."""
    try:
        while True:
            time.sleep(0.05)
    except Aborted as why:
        say("aborted", ctx.job.id, why.kind)
        raise


def polite(rest, ctx):
    """Waits until the attempt is aborted."""
    ctx.aborted.wait()
    say("noticed", ctx.job.id)
    ctx.check()


def fail(rest, ctx):
    raise ValueError(rest)


def talk(rest, ctx):
    for index in range(int(rest)):
        ctx.output(f"line {index}\n")
    ctx.output("a warning\n", stream="stderr")
    return rest


def shell(rest, ctx):
    """Runs a shell line with its prompt's rest, through the SDK."""
    result = run_command(ctx, ["/bin/sh", "-c", rest], input="from stdin\n")
    return json.dumps({"exit_code": result.exit_code, "stdout": result.stdout, "stderr": result.stderr})


def leak(rest, ctx):
    ctx.output(f"token {os.environ['MODELREINS_TOKEN']} in pieces: ")
    for letter in ctx.secret("vault://env/LEAKY_PASSWORD"):
        ctx.output(letter)
    ctx.output("\n")
    return f"it is {os.environ['LEAKY_PASSWORD']}"


def authorize(rest, ctx):
    try:
        return json.dumps(ctx.authorize("mail.send", {"text": rest}, title="Send a mail"))
    except ActionRefused as refusal:
        return f"refused: {refusal.comment}"


def files(rest, ctx):
    path = os.path.join(os.getcwd(), "note.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(rest)
    first = ctx.upload_artifact(path)
    ctx.upload_artifact(b"\x00\x01", content_type="application/octet-stream", filename="../two.bin")
    assert ctx.download_artifact(first.url).text() == rest
    review = ctx.submit_review("post", "A title", rest)
    ctx.usage(tokens_in=3, tokens_out=4, cost_usd=0.5, model="m")
    ctx.usage(tokens_in=1)
    return json.dumps({"names": sorted(item.filename for item in ctx.list_artifacts()), "review": review.id})


def fork(rest, ctx):
    """Forks children that return from the handler, raise an error, use the context, or call the server."""
    from modelreins_worker import Client

    codes = []
    for kind in ("fall", "fail", "use", "call"):
        pid = os.fork()
        if pid == 0:
            if kind == "fall":
                return "of the child"
            if kind == "fail":
                raise ValueError("of the child")
            try:
                if kind == "use":
                    ctx.output("of the child")
                else:
                    Client().service.health()
            except RuntimeError:
                os._exit(7)
            os._exit(0)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    ctx.output("of the parent\n")
    return json.dumps(codes)


def threads(rest, ctx):
    """Many threads write output and run programs concurrently."""

    def one(index):
        for part in range(20):
            ctx.output(f"<{index}:{part}>\n")
        assert run_command(ctx, [sys.executable, "-c", f"print({index})"], stream=False).stdout == f"{index}\n"

    running = [threading.Thread(target=one, args=(index,)) for index in range(6)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return "all"


def called(rest, ctx):
    subprocess.run(["/bin/sh", "-c", rest], check=True, capture_output=True)


async def later(rest, ctx):
    try:
        await asyncio.sleep(float(rest))
    except asyncio.CancelledError:
        say("cancelled", ctx.job.id)
        raise
    return f"later {rest}"


VERBS = {
    "sleep": sleep,
    "hold": hold,
    "await": await_file,
    "spin": spin,
    "polite": polite,
    "fail": fail,
    "talk": talk,
    "shell": shell,
    "leak": leak,
    "authorize": authorize,
    "files": files,
    "fork": fork,
    "threads": threads,
    "called": called,
    "later": later,
    "context": lambda rest, ctx: ctx.context,
    "fence": lambda rest, ctx: ctx.fence[:4],
    "show": lambda rest, ctx: {"prompt": ctx.job["prompt"], "input": ctx.job.input, "worker": ctx.job.assigned_to},
}


def handle(job, ctx):
    verb, _, rest = job["prompt"].partition(" ")
    say("handles", job.id)
    if verb not in VERBS:
        return f"echo: {job['prompt']}"
    return VERBS[verb](rest, ctx)


if __name__ == "__main__":
    settings = dict(word.split("=", 1) for word in sys.argv[1:])
    Worker(**settings).run(handler=handle, on_error=lambda job, error: say("on_error", job.id, type(error).__name__))
    say("run has returned")
