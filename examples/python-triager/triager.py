"""A worker that sorts mail by words, in Python: output as it goes, a result in JSON, a look at whether it is still wanted."""

import re

from modelreins_worker import Worker

CATEGORIES = {
    "billing": r"invoice|refund|charge|payment",
    "outage": r"\bdown\b|error|crash|cannot log ?in",
    "sales": r"quote|price|demo|upgrade",
}


def triage(job, ctx):
    mails = [mail.strip() for mail in job.prompt.split("\n\n") if mail.strip()]
    found = []
    for number, mail in enumerate(mails, start=1):
        ctx.check()  # raises when the job was aborted
        category = next((name for name, words in CATEGORIES.items() if re.search(words, mail, re.IGNORECASE)), "other")
        urgent = category == "outage" or re.search(r"urgent|asap|now!", mail, re.IGNORECASE) is not None
        ctx.output(f"mail {number}: {category}\n")
        found.append({"mail": number, "category": category, "priority": "high" if urgent else "normal"})
    return {"triaged": found}


if __name__ == "__main__":
    Worker(name="python-triager").run(handler=triage)
