/**
 * Responsible for every default and bound that two programs must agree on. Units are in the names: `_ms` milliseconds, `_bytes` bytes of UTF-8,
 * otherwise a count.
 */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const kib = 1024

export const limits = {
  /** Largest JSON request body the edge reads. The row limit of object SQLite is 2 MB (platform limit). */
  body_bytes: 1024 * kib,
  /** Largest batch body: up to `dispatch_batch_jobs` small jobs. */
  batch_body_bytes: 8 * 1024 * kib,
  /** Nesting depth of objects and arrays in a JSON body. */
  json_depth: 64,
  prompt_bytes: 512 * kib,
  input_bytes: 256 * kib,
  metadata_bytes: 16 * kib,
  name_chars: 120,
  tags: 64,
  /** A result up to this size is kept with the job; a larger one goes to R2. */
  result_inline_bytes: 64 * kib,
  result_bytes: 16 * 1024 * kib,
  /** Largest body of a completion. It is larger than a result because JSON writes a line feed as two bytes. */
  result_body_bytes: 20 * 1024 * kib,
  /** How much is read of a body that is refused, so that its sender gets the answer instead of a broken connection. */
  drain_bytes: 32 * 1024 * kib,
  /** Output that travels inside `complete` and is kept with the job. */
  tail_bytes: 64 * kib,
  output_chunk_bytes: 64 * kib,
  output_chunks_per_call: 256,
  /** Output kept per job in the stream object; older chunks are dropped and the gap is declared. */
  output_job_bytes: 32 * 1024 * kib,
  artifact_bytes: 95 * 1024 * kib,
  /** Artifacts that one job, or one review, may have. */
  artifacts_per_job: 1_000,
  artifact_filename_chars: 4_096,
  error_message_bytes: 16 * kib,

  dispatch_batch_jobs: 1_000,
  list_default: 50,
  list_max: 200,
  /** Characters of jobs in one page. A page ends early so that the answer stays under the limit of RPC (32 MiB, platform limit). */
  list_bytes: 8 * 1024 * kib,
  /** Counting jobs of one state stops here, because counting on would read a row for every waiting job. */
  jobs_counted: 1_000,
  /** Jobs that one bulk call aborts or retries. */
  bulk_jobs: 1_000,
  claim_max: 100,
  /** Connections that follow the events of one tenant at once. */
  event_connections: 1_000,
  /** Past events that one connection may ask for. A caller that needs more fetches the state again. */
  event_replay: 5_000,
  /** The presence of one worker is sent at most once in this time. */
  event_presence_ms: 1 * second,
  /** Streams of one job's output that one member may have open at once. All viewers of a job together may have 100. */
  viewer_streams: 10,
  /** Jobs that a person has in hand at once, unless their worker's `slots` say otherwise. */
  person_slots: 5,
  /** A person who has not been active for this long is reminded of the jobs that they have in hand. */
  person_reminder_ms: 4 * hour,
  /** A person who has not been active for this long loses the jobs that they have in hand: they go back to the queue. */
  person_hand_back_ms: 24 * hour,
  /** When a reminder is late because the server did not run, the person has this long to return before a job goes back. */
  person_grace_ms: 1 * hour,
  /** How long a job for a person waits for its start. */
  person_expires_ms: 3 * day,
  /** A job without its own timeout stays in a person's hands for at most this long. */
  person_claim_max_ms: 30 * day,
  /** A person is shown as idle for this long after their last activity, and as online after that. */
  person_presence_ms: 10 * minute,
  /** The time of a person's last activity is written at most once in this time. */
  person_seen_write_ms: 3 * minute,
  work_note_bytes: 64 * kib,
  work_reason_bytes: 4 * kib,
  /** Length of the beginning of a prompt that a line of the inbox shows. */
  work_title_chars: 200,
  /** How many ended jobs an inbox lists, and for how long. */
  work_ended: 10,
  work_ended_ms: 2 * day,
  /** Workers that one dispatch may ask at once. */
  fan_out_targets: 32,
  /** The highest concurrency limit that a key may have. */
  concurrency_max: 100,
  /** The most starts that the rate of a key may allow, and its longest time window. */
  rate_starts_max: 1_000,
  rate_window_max_ms: 1 * day,
  /** Capabilities that the tenant's review policies may name. */
  review_policies: 200,
  /** Steps of a job's fallback chain. */
  fallback_steps: 8,
  /** Rules with which a tenant overrides the Director's catalogue. */
  catalogue_rules: 200,
  /** The highest price that a rule may state, in US dollars per million tokens. */
  price_usd_max: 100_000,
  /** Instructions for a merge job. */
  merge_prompt_bytes: 16 * kib,

  /** Schedules of one tenant. */
  schedules: 10_000,
  /** Seconds from one due time of a schedule to the next. */
  schedule_every_min_s: 10,
  schedule_every_max_s: 366 * 86_400,
  /** Maximum random delay of a due time, in seconds. */
  schedule_jitter_max_s: 3_600,
  /** A due time that is processed this much later counts as missed, and `catch_up` decides what happens. */
  schedule_late_ms: 1 * minute,
  /** Missed due times that `catch_up: "all"` makes up for. */
  schedule_catch_up: 100,
  /** Schedules that are processed in one step; the rest follow a moment later. */
  schedules_at_once: 100,
  /** How long the approval of a schedule is valid by default, and at most, in seconds. */
  schedule_approval_s: 30 * 86_400,
  schedule_approval_max_s: 366 * 86_400,
  /** The outcome of a due time is listed for this long. */
  schedule_run_retention_ms: 30 * day,

  /** An offer that is not started within this time goes back to the queue. */
  offer_ms: 5 * second,
  /** Unanswered offers after which a worker is shown as `deaf`. */
  deaf_after_offers: 2,
  /** Lease of an attempt whose worker renews it by heartbeat. */
  lease_ms: 30 * second,
  heartbeat_socket_ms: 10 * second,
  heartbeat_poll_ms: 5 * second,
  /** A worker that has not been heard from for this long is offline. */
  presence_ms: 30 * second,
  /** Lease of a claim by id: workers on the compatibility paths send no heartbeats while they work (docs/explanation/compatibility.md). */
  lost_worker_timeout_ms: 15 * minute,
  long_poll_max_s: 25,
  /** One fresh lease for every running job after a cold start of the tenant object. */
  cold_start_grace_ms: 30 * second,

  schedule_to_start_ms: 2 * hour,
  schedule_to_start_max_ms: 30 * day,
  /** Hard time limit of one attempt. */
  timeout_ms: 1 * hour,
  timeout_max_ms: 24 * hour,
  /** How long a lease token outlives the hard timeout, so that a late completion can still be told apart from a forgery. */
  lease_token_slack_ms: 24 * hour,

  retry_base_ms: 2 * second,
  retry_cap_ms: 5 * minute,
  retry_at_max_ms: 7 * day,
  /** Maximum random delay added to a known retry time, so that the jobs that wait for it do not all start at once. */
  retry_jitter_ms: 30 * second,
  /** How long a job waits for a provider's limit without a known reset time, unless the job sets `expires_in`. */
  limit_wait_ms: 1 * day,
  attempts_max: 20,

  /** Head start in the queue per point of priority; priority runs from -10 to 10. */
  priority_step_ms: 1 * minute,
  priority_min: -10,
  priority_max: 10,

  /** Finished jobs stay in the tenant object this long; D1 keeps them for good. */
  retention_ms: 7 * day,
  idempotency_ms: 1 * day,
  /** An upload that has not ended within this time is abandoned. */
  artifact_upload_ms: 1 * hour,
  /** How long a deleted or expired artifact is still answered as `gone`. */
  artifact_gone_ms: 7 * day,
  /** How long an erased job is still answered as `gone`, and the time after which its erasure is repeated once, to catch late writes. */
  erased_job_gone_ms: 7 * day,
  erase_again_ms: 1 * hour,
  view_ms: 1 * day,
  review_remind_ms: 1 * day,
  review_deny_ms: 7 * day,
  grant_max_ms: 12 * hour,
  /** Reviews that one caller may submit in a minute. */
  reviews_per_minute: 30,
  /** Actions for which the jobs of one worker may ask a human, per minute. */
  questions_per_minute: 120,
  /** Audit rows that one worker may cause in a minute, not counting those of the jobs that it is given. */
  worker_rows_per_minute: 1_000,
  /** Attempts that one worker may give back unbegun in a minute: each is started and queued again for nothing. */
  hand_backs_per_minute: 1_000,
  /** Companions that one member may have. */
  companions: 50,
  /** A socket that has not sent hello within this time is closed. Each worker may have only this many such sockets. */
  hello_ms: 10 * second,
  silent_sockets: 4,
  /** The most approvals that a policy may require. */
  quorum_max: 10,
  review_artifacts: 64,
  /** Settled reviews stay in the tenant object this long. */
  review_retention_ms: 90 * day,
  /** A page ends before its items exceed this size, but always has at least one item. */
  page_bytes: 4 * 1024 * kib,

  webhooks: 20,
  webhook_timeout_ms: 10 * second,
  /** Tries of one delivery, including the first. Then the delivery is abandoned. */
  webhook_attempts: 9,
  /** The newest tries that are kept in the log of one delivery, which an owner can send again without limit. */
  webhook_attempts_kept: 30,

  devices_per_member: 10,
  /** Devices of all members together: each of them is checked when something waits. */
  devices: 200,
  device_endpoint_chars: 1_024,
  /** Reviews and jobs that are remembered per device as waiting for its member; the oldest are dropped first. */
  device_notes: 100,
  /** After a notification, everything that follows within this time is covered by one more. */
  device_pause_ms: 30 * second,
  /** The same for test notifications. */
  device_test_pause_ms: 5 * second,
  /** How long a push service keeps a notification for a device that is off. */
  device_ttl_ms: 1 * day,
  device_timeout_ms: 10 * second,
  /** A device on which nobody has signed in for this long is removed. */
  device_idle_ms: 90 * day,

  /** Time from SIGTERM to SIGKILL when a child's process group is stopped. */
  kill_grace_ms: 2 * second,
  /** The same for an abort, and for the killswitch from level 3 on. */
  kill_grace_urgent_ms: 250,
  output_flush_ms: 250,
  output_flush_bytes: 16 * kib,

  /** A head of the audit trail is signed after this many new rows, unless the last one was signed within `audit_head_pause_ms`. */
  audit_head_rows: 256,
  /** The shortest time between two signed heads of a busy tenant. */
  audit_head_pause_ms: 10 * second,
  /** The longest time from the first new row to the next signed head. */
  audit_head_ms: 10 * minute,
  /** The most rows that one step of a verification checks. */
  audit_verify_rows: 5_000,

  /** Failed authentications per address before further ones must wait. */
  auth_failures: 20,
  auth_window_ms: 1 * minute,

  /** A browser session ends this long after its last use. */
  session_idle_ms: 12 * hour,
  /** A browser session ends this long after the sign-in, even when it is in use. */
  session_absolute_ms: 30 * day,
  /** The last use of a session is written at most once in this time, because written rows are the main cost. */
  session_touch_ms: 10 * minute,
  /** Sessions of one member. A further sign-in ends the least recently used one. */
  sessions_per_member: 50,
  passkeys_per_member: 20,
  /** A WebAuthn challenge can be answered once, within this time. */
  challenge_ms: 5 * minute,
  /** Failed sign-ins before a member has to wait. */
  sign_in_failures_forgiven: 3,
  /** Failed sign-ins are forgotten this long after the last one. */
  sign_in_memory_ms: 1 * day,
} as const

/** Waiting times for a limit without a known reset time, as upper bounds, in order; the last one repeats. */
export const limitWaitsMs = [1 * minute, 5 * minute, 15 * minute, 1 * hour, 3 * hour] as const

/** Attempts by effort unless the request says otherwise. */
export const attemptsByEffort = { trivial: 1, quick: 2, standard: 3, deep: 4, critical: 4 } as const

/** Head start by effort, in milliseconds of queue time. Together with priority it bounds overtaking (I9). */
export const headStartByEffort = {
  trivial: 0,
  quick: 2 * minute,
  standard: 2 * minute,
  deep: 2 * minute,
  critical: 10 * minute,
} as const
