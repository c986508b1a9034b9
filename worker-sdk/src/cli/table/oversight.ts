/** Responsible for the table's rows about human decisions and the audit trail: reviews, grants, audit, webhooks, members. */
import { reviewStatuses, roles, webhookEvents } from '@modelreins/contract'
import type { Argument, Command, Flag } from '../arguments/command.ts'
import { keepRunningFlag, memberFlags, yesFlag } from './flags.ts'

const id: Argument = { name: 'ID', about: 'Number of the review' }
const ids: Argument = {
  ...id,
  many: true,
  about: 'Number of the review; several reviews are decided together, irreversible ones are skipped',
}
const comment: Flag = { name: 'comment', value: 'TEXT', about: 'Comment for the worker, stored with the decision' }
const digest: Flag = {
  name: 'digest',
  value: 'HEX',
  about:
    'Digest of the payload that you reviewed (12+ hex characters, or its eight words); the decision is refused if the payload has changed',
}
const since: Flag = { name: 'since', value: 'TIME', about: 'From this time on (ISO 8601), or a time ago (2h, 7d)' }
const until: Flag = { name: 'until', value: 'TIME', about: 'Before this time' }

const webhook: Argument = { name: 'ID', about: 'Id of the webhook' }
const limit: Flag = { name: 'limit', value: 'N', kind: 'count', about: 'Maximum number of rows (default: 50)' }
const cursor: Flag = { name: 'cursor', value: 'TEXT', about: '`next_cursor` of the previous page' }

export const oversightCommands: readonly Command[] = [
  {
    words: ['reviews'],
    about: 'List reviews that wait for a decision',
    flags: [
      {
        name: 'status',
        value: 'A,B',
        choices: [...reviewStatuses, 'all'],
        about: `${reviewStatuses.join(', ')}, or all (default: pending)`,
      },
      { name: 'job', value: 'ID', kind: 'count', about: 'Only reviews of this job' },
      { name: 'capability', value: 'NAME', about: 'Only reviews of this capability' },
      { name: 'by', value: 'WHO', about: 'Only reviews requested by member:NAME or worker:NAME' },
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [{ line: 'reviews', about: 'Pending reviews' }],
  },
  {
    words: ['reviews', 'show'],
    about: 'Show one review: requester, payload, digest, decisions',
    arguments: [id],
    flags: memberFlags,
    examples: [{ line: 'reviews show 7', about: 'Review 7 with its payload' }],
  },
  {
    words: ['reviews', 'approve'],
    about: 'Approve a review; exactly the payload you saw runs, once',
    details: [
      'On a terminal the review is shown and you are asked to confirm. In a script pass the reviewed digest with --digest, or --yes for the current payload.',
      'The decision is bound to the digest: it is refused if the payload has changed. Several reviews are each bound to their own digest; changed ones are skipped.',
    ],
    arguments: [ids],
    flags: [
      comment,
      digest,
      { name: 'ttl', value: 'TIME', kind: 'duration', about: 'Tier session: how long the grant lasts' },
      { name: 'uses', value: 'N', kind: 'count', about: 'Tier session: how often it may be used' },
      yesFlag,
      ...memberFlags,
    ],
    examples: [
      { line: 'reviews approve 7', about: 'Show, confirm, approve' },
      { line: 'reviews approve 7 --digest 3f9a0c51b2de', about: 'In a script: only this payload' },
    ],
  },
  {
    words: ['reviews', 'deny'],
    about: 'Deny a review with a comment',
    arguments: [ids],
    flags: [comment, digest, yesFlag, ...memberFlags],
    examples: [{ line: 'reviews deny 7 --comment "wrong account"', about: 'The worker reads the comment' }],
  },
  {
    words: ['reviews', 'edit'],
    about: 'Approve a review with a changed payload',
    details: ['The payload of a job is {prompt, input, context_text, metadata}; omitted fields stay unchanged.'],
    arguments: [id],
    flags: [
      { name: 'payload', value: 'JSON', kind: 'json', about: 'The payload to run instead' },
      { name: 'payload-file', value: 'FILE', complete: 'file', about: 'The same from a file; `-`: standard input' },
      comment,
      digest,
      yesFlag,
      ...memberFlags,
    ],
    examples: [{ line: 'reviews edit 7 --payload \'{"prompt": "Post to staging only"}\'', about: 'Approve a changed prompt' }],
  },
  {
    words: ['reviews', 'respond'],
    about: 'Send a text answer to the worker; nothing is approved',
    arguments: [id],
    flags: [comment, digest, ...memberFlags],
    examples: [{ line: 'reviews respond 7 --comment "Which account?"', about: 'Ask the worker a question' }],
  },
  {
    words: ['reviews', 'withdraw'],
    about: 'Withdraw a review before its approval is used',
    details: ['A job that waits for the review fails, with the reason as its error. `job ID --retry` opens a new review.'],
    arguments: [id],
    flags: [{ name: 'reason', value: 'TEXT', about: 'Reason, stored with the waiting job' }, ...memberFlags],
    examples: [{ line: 'reviews withdraw 7 --reason "sent by hand"', about: 'Close a review that is not needed any more' }],
  },
  {
    words: ['grants'],
    about: 'List active session grants',
    flags: [
      { name: 'session', value: 'ID', about: 'Only of this session: thread:ID or process:INSTANCE' },
      { name: 'ended', about: 'Include ended grants' },
      ...memberFlags,
    ],
    examples: [{ line: 'grants', about: 'Active grants' }],
  },
  {
    words: ['grants', 'revoke'],
    about: 'Revoke a grant; the next use needs a new review',
    arguments: [{ name: 'GRANT', about: 'Id of the grant' }],
    flags: memberFlags,
    examples: [{ line: 'grants revoke gr4k2m9x', about: 'Revoke a grant at once' }],
  },
  {
    words: ['diagnostics'],
    about: 'Check the invariants of the tenant now; show its rows, storage and limits',
    details: ['The exit code is 1 when an invariant is broken; the output names the job.'],
    flags: memberFlags,
    examples: [{ line: 'diagnostics', about: 'Check everything once, without changes' }],
  },
  {
    words: ['audit'],
    about: 'Search the audit trail',
    flags: [
      { name: 'actor', value: 'NAME', about: 'Only actions of this member or worker' },
      { name: 'action', value: 'NAME', about: 'Only this action, such as job.dispatch' },
      { name: 'job', value: 'ID', kind: 'count', about: 'Only about this job' },
      { name: 'worker', value: 'NAME', about: 'Only about this worker' },
      { name: 'capability', value: 'NAME', about: 'Only about this capability' },
      since,
      until,
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [{ line: 'audit --capability social.publish --since 30d', about: 'Uses of one capability in the last 30 days' }],
  },
  {
    words: ['audit', 'look'],
    about: 'List unreviewed `audit`-tier actions, oldest first',
    flags: [{ name: 'all', about: 'Include reviewed actions' }, limit, cursor, ...memberFlags],
    examples: [{ line: 'audit look', about: 'Actions that still need to be reviewed' }],
  },
  {
    words: ['audit', 'seen'],
    about: 'Mark actions as reviewed; they leave the list of `audit look`',
    details: ['Rows that are already reviewed or not on the list are skipped; the exit code is then 1.'],
    arguments: [{ name: 'SEQ', optional: true, many: true, about: 'Number of the row, as audit look shows it' }],
    flags: [{ name: 'all', about: 'Mark all listed actions' }, ...memberFlags],
    examples: [
      { line: 'audit seen 41 57', about: 'Mark two rows as reviewed' },
      { line: 'audit seen --all', about: 'Mark all rows as reviewed' },
    ],
  },
  {
    words: ['audit', 'export'],
    about: 'Export the audit trail with its signed heads, for offline verification',
    arguments: [{ name: 'FILE', optional: true, complete: 'file', about: 'Output file; default: standard output' }],
    flags: [since, until, ...memberFlags],
    examples: [{ line: 'audit export trail.ndjson', about: 'Export everything' }],
  },
  {
    words: ['audit', 'heads'],
    about: 'Print the newest signed heads and public keys as JSON; keep them outside the server',
    flags: [limit, ...memberFlags],
    examples: [{ line: 'audit heads > heads.json', about: 'Save the heads for a later verification' }],
  },
  {
    words: ['audit', 'verify'],
    about: 'Verify an exported audit trail offline and report the first bad row',
    details: [
      'Without --key the key in the file is trusted, which does not detect a forged file. A public key or signed heads kept elsewhere prove which rows existed when they were signed.',
      'Decisions signed with a passkey are checked too: against the registration of the passkey in the same file, or against --passkey.',
      'The exit code is 0 when the trail is valid, 1 otherwise.',
    ],
    arguments: [{ name: 'FILE', complete: 'file', about: 'An export; `-`: standard input' }],
    flags: [
      {
        name: 'key',
        value: 'KEY|FILE',
        many: true,
        complete: 'file',
        about: 'Trusted public key, or a file with keys or saved heads; may be repeated',
      },
      {
        name: 'passkey',
        value: 'FINGERPRINT',
        many: true,
        about: 'Trust only decisions signed by this passkey: its fingerprint from Settings, Sign-in; may be repeated',
      },
      { name: 'json', about: 'Print JSON' },
    ],
    examples: [{ line: 'audit verify trail.ndjson --key heads.json', about: 'Verify against saved heads' }],
  },
  {
    words: ['webhooks'],
    about: 'List webhooks, which report reviews and the killswitch',
    flags: memberFlags,
    examples: [{ line: 'webhooks', about: 'Addresses and their events' }],
  },
  {
    words: ['webhooks', 'create'],
    about: 'Send signed events about reviews and the killswitch to an address; the secret is printed once',
    details: [
      'The address must be public and https, unless the server was started with its host in MODELREINS_ALLOW_HOSTS. In a pipe the answer is the id, a tab and the secret.',
    ],
    arguments: [{ name: 'URL', about: 'Address of the receiver' }],
    flags: [
      { name: 'events', value: 'A,B', choices: webhookEvents, about: `Only these: ${webhookEvents.join(', ')} (default: all)` },
      ...memberFlags,
    ],
    examples: [
      { line: 'webhooks create https://bridge.example.com/modelreins', about: 'All events' },
      {
        line: 'webhooks create https://bridge.example.com/new --events review.created,review.escalated',
        about: 'Only events about reviews that wait',
      },
    ],
  },
  {
    words: ['webhooks', 'delete'],
    about: 'Delete a webhook and its undelivered events',
    arguments: [webhook],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'webhooks delete wh4k2m9x7q', about: 'Stop sending events' }],
  },
  {
    words: ['webhooks', 'deliveries'],
    about: 'List deliveries, newest first: sent, with the answer of the receiver, and still to be sent',
    arguments: [webhook],
    flags: [limit, cursor, ...memberFlags],
    examples: [{ line: 'webhooks deliveries wh4k2m9x7q', about: 'Check that events arrive' }],
  },
  {
    words: ['webhooks', 'resend'],
    about: 'Send a delivery again now: the same body under the same webhook-id',
    details: [
      'The receiver can recognise a repeated delivery by this id. Like any delivery, it is signed and sent only to public addresses.',
    ],
    arguments: [webhook, { name: 'DELIVERY', about: 'Number of the delivery, as `webhooks deliveries` lists it' }],
    flags: memberFlags,
    examples: [{ line: 'webhooks resend wh4k2m9x7q 12', about: 'Send it again after a repair of the receiver' }],
  },
  {
    words: ['members'],
    about: 'List members: the people and programs that hold a key',
    flags: memberFlags,
    examples: [{ line: 'members', about: 'Members and their roles' }],
  },
  {
    words: ['members', 'add'],
    about: 'Add a member and print the one-time view URL of the key',
    arguments: [{ name: 'NAME', about: 'Name of the member' }],
    flags: [{ name: 'role', value: 'ROLE', choices: roles, about: `${roles.join(', ')} (default: viewer)` }, ...memberFlags],
    examples: [{ line: 'members add "Ada" --role reviewer', about: 'A member who decides reviews' }],
  },
  {
    words: ['members', 'rotate'],
    about: 'Replace the key of a member; the old key ends at once',
    arguments: [{ name: 'MEMBER', about: 'Name or member_id' }],
    flags: [keepRunningFlag, yesFlag, ...memberFlags],
    examples: [{ line: 'members rotate Ada', about: 'Prints the view URL of the new key' }],
  },
  {
    words: ['members', 'revoke'],
    about: 'Revoke a member permanently; their key ends at once, their name stays in the history',
    arguments: [{ name: 'MEMBER', about: 'Name or member_id' }],
    flags: [{ name: 'stop-jobs', about: 'Also abort the unfinished jobs that they dispatched' }, yesFlag, ...memberFlags],
    examples: [
      { line: 'members revoke Ada', about: 'Revoke the key, and show how many of their jobs wait and run' },
      { line: 'members revoke Ada --stop-jobs --yes', about: 'After the theft of a key: also stop its jobs' },
    ],
  },
]
