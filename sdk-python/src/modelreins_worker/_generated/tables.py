"""Responsible for the tables that all programs agree on: limits (units are in the names), problems, media types, how operations travel. Made by `npm run generate` from the contract: do not edit."""

from typing import Dict, NamedTuple, Tuple

RESULT_BYTES = 16777216
TAIL_BYTES = 65536
OUTPUT_CHUNK_BYTES = 65536
OUTPUT_CHUNKS_PER_CALL = 256
OUTPUT_JOB_BYTES = 33554432
ARTIFACT_BYTES = 99614720
ERROR_MESSAGE_BYTES = 16384
LIST_MAX = 200
CLAIM_MAX = 100
OFFER_MS = 5000
HEARTBEAT_POLL_MS = 5000
PRESENCE_MS = 30000
LONG_POLL_MAX_S = 25
KILL_GRACE_MS = 2000
KILL_GRACE_URGENT_MS = 250
OUTPUT_FLUSH_MS = 250
OUTPUT_FLUSH_BYTES = 16384


class Problem(NamedTuple):
    """What one error code means."""

    status: int
    title: str
    retryable: bool
    exit: int
    help: str


PROBLEMS: Dict[str, Problem] = {
    "invalid-request": Problem(400, "The request is not valid", False, 64, "Correct the fields named in `issues`."),
    "unauthorized": Problem(401, "Authentication required", False, 77, "Send a valid token: `Authorization: Bearer <token>`."),
    "forbidden": Problem(403, "Not allowed", False, 77, "Use a key whose role may do this."),
    "capability-not-declared": Problem(403, "Capability not declared", False, 77, "Declare the capability on a worker, or choose one of the workers named in `detail`."),
    "signature-required": Problem(403, "The decision must be signed with a passkey", False, 77, "Open the review in the dashboard and decide there with your passkey. Keys and the command line cannot sign."),
    "not-found": Problem(404, "Not found", False, 66, "Check the path and the id."),
    "method-not-allowed": Problem(405, "Method not allowed", False, 64, "Use one of the methods in the `Allow` header."),
    "conflict": Problem(409, "Conflict", False, 65, "Fetch the current state and repeat the change."),
    "wrong-state": Problem(409, "Not possible in this state", False, 65, "Check the state named in `detail`."),
    "lease-lost": Problem(409, "The lease is lost", False, 65, "Stop working on this attempt; another one may be running."),
    "already-claimed": Problem(409, "Already claimed", False, 65, "Skip this job and poll again."),
    "name-taken": Problem(409, "The name is taken", False, 65, "Choose another name, revoke the worker that has it, or pass `takeover`."),
    "idempotency-conflict": Problem(409, "The idempotency key was used for another request", False, 65, "Use a new key for a new request."),
    "killswitch": Problem(409, "The killswitch is raised", True, 75, "Wait until a member clears it: DELETE /killswitch."),
    "gone": Problem(410, "Gone", False, 66, "The resource has been erased; `detail` says when."),
    "too-large": Problem(413, "Too large", False, 65, "Stay under the limit named in `detail`."),
    "unsupported-media-type": Problem(415, "Unsupported media type", False, 64, "Send `Content-Type: application/json`."),
    "upgrade-required": Problem(426, "Upgrade required", False, 64, "Connect with a WebSocket."),
    "rate-limited": Problem(429, "Too many requests", True, 75, "Wait for `retry_after_ms`."),
    "internal": Problem(500, "Internal error", True, 70, "This is a bug. Report the request id in `instance`."),
    "no-eligible-worker": Problem(503, "No eligible worker", True, 69, "Register a matching worker; `detail` says why each existing one does not match."),
    "no-live-worker": Problem(503, "No live worker", True, 69, "Start a worker, or dispatch with `when_offline: \"queue\"`."),
    "unavailable": Problem(503, "Temporarily unavailable", True, 75, "Try again after `retry_after_ms`."),
}

MEDIA_TYPES: Dict[str, str] = {
    "txt": "text/plain; charset=utf-8",
    "log": "text/plain; charset=utf-8",
    "diff": "text/x-diff; charset=utf-8",
    "patch": "text/x-diff; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "jsonl": "application/x-ndjson",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "gz": "application/gzip",
    "tgz": "application/gzip",
    "tar": "application/x-tar",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "avif": "image/avif",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


class Row(NamedTuple):
    """The wire side of one operation."""

    method: str
    path: str
    held: bool
    raw: bool
    answers: str
    marks: Tuple[str, ...]


ROWS: Dict[str, Row] = {
    "service.health": Row("GET", "/api/v1/health", False, False, "json", ("status", "version",)),
    "service.openapi": Row("GET", "/openapi.json", False, False, "json", ()),
    "service.docs": Row("GET", "/docs", False, False, "text/html", ()),
    "service.metrics": Row("GET", "/api/v1/metrics", False, False, "text/plain", ()),
    "tenants.create": Row("POST", "/api/v1/tenants", False, False, "json", ("tenant", "name",)),
    "tenants.list": Row("GET", "/api/v1/tenants", False, False, "json", ("items", "next_cursor",)),
    "tenants.suspend": Row("POST", "/api/v1/tenants/:tenant/suspend", False, False, "json", ("tenant", "name",)),
    "tenants.resume": Row("POST", "/api/v1/tenants/:tenant/resume", False, False, "json", ("tenant", "name",)),
    "members.whoami": Row("GET", "/api/v1/whoami", False, False, "json", ("tenant", "kind",)),
    "members.create": Row("POST", "/api/v1/members", False, False, "json", ("member_id", "name",)),
    "members.list": Row("GET", "/api/v1/members", False, False, "json", ("items", "next_cursor",)),
    "members.revoke": Row("DELETE", "/api/v1/members/:member_id", False, False, "json", ("member_id", "name",)),
    "members.rotate": Row("POST", "/api/v1/members/:member_id/rotate", False, False, "json", ("view_url", "expires_at",)),
    "views.reveal": Row("POST", "/api/v1/views/:view_id/reveal", False, False, "json", ("iv", "ciphertext",)),
    "sessions.create": Row("POST", "/api/v1/sessions", False, False, "json", ("session", "member",)),
    "sessions.passkey_options": Row("POST", "/api/v1/sessions/passkey/options", False, False, "json", ("challenge", "rpId",)),
    "sessions.create_with_passkey": Row("POST", "/api/v1/sessions/passkey", False, False, "json", ("session", "member",)),
    "sessions.list": Row("GET", "/api/v1/sessions", False, False, "json", ("items", "next_cursor",)),
    "sessions.end": Row("DELETE", "/api/v1/sessions/:session_id", False, False, "json", ("ended",)),
    "sessions.end_many": Row("DELETE", "/api/v1/sessions", False, False, "json", ("ended",)),
    "passkeys.options": Row("POST", "/api/v1/passkeys/options", False, False, "json", ("challenge", "rp",)),
    "passkeys.create": Row("POST", "/api/v1/passkeys", False, False, "json", ("passkey_id", "name",)),
    "passkeys.list": Row("GET", "/api/v1/passkeys", False, False, "json", ("items", "next_cursor",)),
    "passkeys.rename": Row("PATCH", "/api/v1/passkeys/:passkey_id", False, False, "json", ("passkey_id", "name",)),
    "passkeys.remove": Row("DELETE", "/api/v1/passkeys/:passkey_id", False, False, "json", ("passkey_id", "name",)),
    "bans.list": Row("GET", "/api/v1/bans", False, False, "json", ("items", "next_cursor",)),
    "bans.lift": Row("DELETE", "/api/v1/bans/:ban_id", False, False, "json", ("ban_id", "subject",)),
    "settings.get": Row("GET", "/api/v1/settings", False, False, "json", ("require_capability", "default_effort",)),
    "settings.update": Row("PATCH", "/api/v1/settings", False, False, "json", ("require_capability", "default_effort",)),
    "workers.register": Row("POST", "/api/v1/workers/register", False, False, "json", ("worker_id", "name",)),
    "workers.list": Row("GET", "/api/v1/workers", False, False, "json", ("items", "next_cursor",)),
    "workers.get": Row("GET", "/api/v1/workers/:worker_id", False, False, "json", ("worker_id", "name",)),
    "workers.update": Row("PATCH", "/api/v1/workers/:worker_id", False, False, "json", ("worker_id", "name",)),
    "workers.revoke": Row("DELETE", "/api/v1/workers/:worker_id", False, False, "json", ("worker_id", "name",)),
    "workers.pause": Row("POST", "/api/v1/workers/:worker_id/pause", False, False, "json", ("worker_id", "name",)),
    "workers.resume": Row("POST", "/api/v1/workers/:worker_id/resume", False, False, "json", ("worker_id", "name",)),
    "workers.unpark": Row("POST", "/api/v1/workers/:worker_id/unpark", False, False, "json", ("worker_id", "name",)),
    "workers.rotate": Row("POST", "/api/v1/workers/:worker_id/rotate", False, False, "json", ("view_url", "expires_at",)),
    "presence.report": Row("PUT", "/api/v1/presence", False, False, "json", ("worker", "config",)),
    "presence.list": Row("GET", "/api/v1/presence", False, False, "json", ("items",)),
    "director.catalogue": Row("GET", "/api/v1/director/catalogue", False, False, "json", ("version", "changed_at",)),
    "director.set_catalogue": Row("PUT", "/api/v1/director/catalogue", False, False, "json", ("version", "changed_at",)),
    "diagnostics.run": Row("GET", "/api/v1/diagnostics", False, False, "json", ("at", "holds",)),
    "jobs.dispatch": Row("POST", "/api/v1/dispatch", False, False, "json", ("id", "status",)),
    "jobs.preview": Row("POST", "/api/v1/dispatch/preview", False, False, "json", ("would", "answer",)),
    "jobs.dispatch_batch": Row("POST", "/api/v1/dispatch/batch", False, False, "json", ("items",)),
    "jobs.create": Row("POST", "/api/v1/jobs", False, False, "json", ("id", "status",)),
    "jobs.get": Row("GET", "/api/v1/jobs/:job_id", False, False, "json", ("id", "status",)),
    "jobs.context": Row("GET", "/api/v1/jobs/:job_id/context", False, False, "json", ("policy", "size",)),
    "jobs.result": Row("GET", "/api/v1/jobs/:job_id/result", False, False, "text/plain", ()),
    "jobs.list": Row("GET", "/api/v1/jobs", False, False, "json", ("items", "next_cursor",)),
    "jobs.counts": Row("GET", "/api/v1/jobs/counts", False, False, "json", ("pending", "running",)),
    "jobs.update": Row("PATCH", "/api/v1/jobs/:job_id", False, False, "json", ("id", "status",)),
    "jobs.abort": Row("POST", "/api/v1/jobs/:job_id/abort", False, False, "json", ("id", "status",)),
    "jobs.abort_many": Row("POST", "/api/v1/jobs/abort", False, False, "json", ("count", "dry_run",)),
    "jobs.retry": Row("POST", "/api/v1/jobs/:job_id/retry", False, False, "json", ("id", "status",)),
    "jobs.children": Row("GET", "/api/v1/jobs/:job_id/children", False, False, "json", ("items", "next_cursor",)),
    "jobs.pick": Row("POST", "/api/v1/jobs/:job_id/pick", False, False, "json", ("id", "status",)),
    "jobs.retry_many": Row("POST", "/api/v1/jobs/retry", False, False, "json", ("count", "dry_run",)),
    "jobs.why": Row("GET", "/api/v1/jobs/:job_id/why", False, False, "json", ("job_id", "status",)),
    "jobs.stream": Row("GET", "/api/v1/jobs/:job_id/stream", True, False, "text/event-stream", ()),
    "schedules.create": Row("POST", "/api/v1/schedules", False, False, "json", ("schedule_id", "name",)),
    "schedules.preview": Row("POST", "/api/v1/schedules/preview", False, False, "json", ("next_runs",)),
    "schedules.list": Row("GET", "/api/v1/schedules", False, False, "json", ("items", "next_cursor",)),
    "schedules.get": Row("GET", "/api/v1/schedules/:schedule_id", False, False, "json", ("schedule_id", "name",)),
    "schedules.update": Row("PATCH", "/api/v1/schedules/:schedule_id", False, False, "json", ("schedule_id", "name",)),
    "schedules.delete": Row("DELETE", "/api/v1/schedules/:schedule_id", False, False, "json", ("ok",)),
    "schedules.run": Row("POST", "/api/v1/schedules/:schedule_id/run", False, False, "json", ("run",)),
    "schedules.approve": Row("POST", "/api/v1/schedules/:schedule_id/approve", False, False, "json", ("schedule_id", "name",)),
    "schedules.revoke_approval": Row("DELETE", "/api/v1/schedules/:schedule_id/approval", False, False, "json", ("schedule_id", "name",)),
    "schedules.runs": Row("GET", "/api/v1/schedules/:schedule_id/runs", False, False, "json", ("items", "next_cursor",)),
    "threads.list": Row("GET", "/api/v1/threads", False, False, "json", ("items", "next_cursor",)),
    "threads.get": Row("GET", "/api/v1/threads/:thread_id", False, False, "json", ("thread_id", "title",)),
    "threads.update": Row("PATCH", "/api/v1/threads/:thread_id", False, False, "json", ("thread_id", "title",)),
    "threads.abort": Row("POST", "/api/v1/threads/:thread_id/abort", False, False, "json", ("job_ids", "remaining",)),
    "threads.delete": Row("DELETE", "/api/v1/threads/:thread_id", False, False, "json", ("thread_id", "erased_jobs",)),
    "claims.inbox": Row("GET", "/api/v1/my-jobs", True, False, "json", ("jobs", "killswitch",)),
    "claims.claim": Row("POST", "/api/v1/jobs/:job_id/claim", False, False, "json", ("job", "lease",)),
    "claims.close": Row("POST", "/api/v1/jobs/:job_id/close", False, False, "json", ("id", "status",)),
    "claims.poll": Row("POST", "/api/v1/claims", True, False, "json", ("offers", "killswitch",)),
    "claims.start": Row("POST", "/api/v1/claims/:job_id/start", False, False, "json", ("job", "lease",)),
    "claims.output": Row("POST", "/api/v1/claims/:job_id/output", False, False, "json", ("next_seq", "closed",)),
    "claims.complete": Row("POST", "/api/v1/claims/:job_id/complete", False, False, "json", ("job", "killswitch",)),
    "claims.fail": Row("POST", "/api/v1/claims/:job_id/fail", False, False, "json", ("job", "killswitch",)),
    "claims.authorize": Row("POST", "/api/v1/claims/:job_id/authorize", True, False, "json", ("outcome", "review_id",)),
    "claims.connect": Row("GET", "/api/v1/connect", True, False, "websocket", ()),
    "work.list": Row("GET", "/api/v1/work", False, False, "json", ("person", "claimed",)),
    "work.join": Row("POST", "/api/v1/work/join", False, False, "json", ("worker_id", "name",)),
    "work.leave": Row("POST", "/api/v1/work/leave", False, False, "json", ("worker_id", "name",)),
    "work.here": Row("POST", "/api/v1/work/here", False, False, "json", ("taking", "claimed",)),
    "work.get": Row("GET", "/api/v1/work/:job_id", False, False, "json", ("job", "item",)),
    "work.start": Row("POST", "/api/v1/work/:job_id/start", False, False, "json", ("job", "item",)),
    "work.note": Row("POST", "/api/v1/work/:job_id/note", False, False, "json", ("ok",)),
    "work.done": Row("POST", "/api/v1/work/:job_id/done", False, False, "json", ("job", "item",)),
    "work.failed": Row("POST", "/api/v1/work/:job_id/failed", False, False, "json", ("job", "item",)),
    "work.hand_back": Row("POST", "/api/v1/work/:job_id/hand-back", False, False, "json", ("job", "item",)),
    "work.escalate": Row("POST", "/api/v1/work/:job_id/escalate", False, False, "json", ("job", "item",)),
    "context.get": Row("GET", "/api/v1/context", False, False, "json", ("policy", "size",)),
    "reviews.submit": Row("POST", "/api/v1/reviews", False, False, "json", ("id", "status",)),
    "reviews.list": Row("GET", "/api/v1/reviews", False, False, "json", ("items", "next_cursor",)),
    "reviews.get": Row("GET", "/api/v1/reviews/:review_id", True, False, "json", ("id", "status",)),
    "reviews.decide": Row("POST", "/api/v1/reviews/:review_id/decide", False, False, "json", ("id", "status",)),
    "reviews.signing_options": Row("POST", "/api/v1/reviews/:review_id/signing-options", False, False, "json", ("options", "text",)),
    "reviews.decide_many": Row("POST", "/api/v1/reviews/decide", False, False, "json", ("decided", "left_out",)),
    "reviews.withdraw": Row("POST", "/api/v1/reviews/:review_id/withdraw", False, False, "json", ("id", "status",)),
    "grants.list": Row("GET", "/api/v1/grants", False, False, "json", ("items", "next_cursor",)),
    "grants.revoke": Row("DELETE", "/api/v1/grants/:grant_id", False, False, "json", ("grant_id", "worker_id",)),
    "killswitch.get": Row("GET", "/api/v1/killswitch", False, False, "json", ("level", "active",)),
    "killswitch.raise": Row("POST", "/api/v1/killswitch", False, False, "json", ("level", "active",)),
    "killswitch.clear": Row("DELETE", "/api/v1/killswitch", False, False, "json", ("level", "active",)),
    "killswitch.ack": Row("POST", "/api/v1/killswitch/ack", False, False, "json", ("ok",)),
    "audit.query": Row("GET", "/api/v1/audit", False, False, "json", ("items", "next_cursor",)),
    "audit.heads": Row("GET", "/api/v1/audit/heads", False, False, "json", ("items", "next_cursor",)),
    "audit.export": Row("GET", "/api/v1/audit/export", False, False, "application/x-ndjson", ()),
    "audit.verify": Row("GET", "/api/v1/audit/verify", False, False, "json", ("ok", "complete",)),
    "audit.to_look_at": Row("GET", "/api/v1/audit/to-look-at", False, False, "json", ("items", "next_cursor",)),
    "audit.seen": Row("POST", "/api/v1/audit/seen", False, False, "json", ("seen",)),
    "events.follow": Row("GET", "/api/v1/events", True, False, "text/event-stream", ()),
    "webhooks.create": Row("POST", "/api/v1/webhooks", False, False, "json", ("webhook_id", "url",)),
    "webhooks.list": Row("GET", "/api/v1/webhooks", False, False, "json", ("items", "next_cursor",)),
    "webhooks.delete": Row("DELETE", "/api/v1/webhooks/:webhook_id", False, False, "json", ("ok",)),
    "webhooks.deliveries": Row("GET", "/api/v1/webhooks/:webhook_id/deliveries", False, False, "json", ("items", "next_cursor",)),
    "webhooks.resend": Row("POST", "/api/v1/webhooks/:webhook_id/deliveries/:delivery_id/resend", False, False, "json", ("delivery_id", "message_id",)),
    "devices.key": Row("GET", "/api/v1/devices/key", False, False, "json", ("public_key",)),
    "devices.subscribe": Row("POST", "/api/v1/devices", False, False, "json", ("device_id", "name",)),
    "devices.renew": Row("POST", "/api/v1/devices/renew", False, False, "json", ("device_id", "name",)),
    "devices.list": Row("GET", "/api/v1/devices", False, False, "json", ("items", "next_cursor",)),
    "devices.remove": Row("DELETE", "/api/v1/devices/:device_id", False, False, "json", ("ok",)),
    "devices.test": Row("POST", "/api/v1/devices/:device_id/test", False, False, "json", ("device_id", "name",)),
    "artifacts.upload": Row("POST", "/api/v1/artifacts/upload", False, True, "json", ("slug", "url",)),
    "artifacts.list": Row("GET", "/api/v1/artifacts", False, False, "json", ("items", "next_cursor",)),
    "artifacts.download": Row("GET", "/s/:slug", False, False, "application/octet-stream", ()),
    "artifacts.update": Row("PATCH", "/api/v1/artifacts/:slug", False, False, "json", ("slug", "url",)),
    "artifacts.delete": Row("DELETE", "/api/v1/artifacts/:slug", False, False, "json", ("ok",)),
}
