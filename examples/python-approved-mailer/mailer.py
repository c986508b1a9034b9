"""A worker in Python that drafts an answer and sends it only when a human has released it, as they have edited it."""

import json
import os

from modelreins_worker import ActionRefused, Worker

OUTGOING = os.environ.get("MAILER_OUTGOING", "sent.jsonl")


def send(mail):
    """Stands for a mail server: one line per mail that went out."""
    with open(OUTGOING, "a", encoding="utf-8") as file:
        file.write(json.dumps(mail) + "\n")


def answer(job, ctx):
    draft = {"to": job.input["from"], "subject": f"Re: {job.input['subject']}", "text": f"Thank you for writing. {job.prompt}"}
    ctx.output(f"drafted an answer to {draft['to']}\n")
    try:
        # Waits for as long as the human thinks. What comes back is what may go out: they may have changed it.
        released = ctx.authorize("email.send", draft, title=f"Send a mail to {draft['to']}", irreversible=True)
    except ActionRefused as refusal:
        return f"not sent: {refusal.comment}"
    send(released)
    return f"sent to {released['to']}"


if __name__ == "__main__":
    Worker(name="python-mailer").run(handler=answer)
