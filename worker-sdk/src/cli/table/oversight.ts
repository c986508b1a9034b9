/** Responsible for the table's rows about human decisions and the audit trail: reviews, grants, audit, webhooks, members. It runs nothing. */
import { reviewStatuses, roles, webhookEvents } from '@modelreins/contract'
import type { Argument, Command, Flag } from '../command.ts'
import { keepRunningFlag, memberFlags, yesFlag } from './flags.ts'

const id: Argument = { name: 'ID', about: 'Number of the review' }
const ids: Argument = { ...id, many: true, about: 'Number of the review; several are decided together, what is irreversible left out' }
const comment: Flag = { name: 'comment', value: 'TEXT', about: 'Told to the worker, kept with the decision' }
const digest: Flag = {
  name: 'digest',
  value: 'HEX',
  about: 'Digest of what you read, or its first 12 characters or more: anything else is refused',
}
const since: Flag = { name: 'since', value: 'TIME', about: 'From this time on (ISO 8601), or as long ago (2h, 7d)' }
const until: Flag = { name: 'until', value: 'TIME', about: 'Before this time' }

const webhook: Argument = { name: 'ID', about: 'Id of the webhook' }
const limit: Flag = { name: 'limit', value: 'N', kind: 'count', about: 'How many (default: 50)' }
const cursor: Flag = { name: 'cursor', value: 'TEXT', about: 'Go on where the last list ended' }

export const oversightCommands: readonly Command[] = [
  {
    words: ['reviews'],
    about: 'List what waits for a human',
    flags: [
      {
        name: 'status',
        value: 'A,B',
        choices: [...reviewStatuses, 'all'],
        about: `${reviewStatuses.join(', ')}, or all (default: pending)`,
      },
      { name: 'job', value: 'ID', kind: 'count', about: 'Only reviews of this job' },
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [{ line: 'reviews', about: 'What waits for me?' }],
  },
  {
    words: ['reviews', 'show'],
    about: 'Show one review: what is asked, by whom, and exactly what would run',
    arguments: [id],
    flags: memberFlags,
    examples: [{ line: 'reviews show 7', about: 'Read before you decide' }],
  },
  {
    words: ['reviews', 'approve'],
    about: 'Approve: what you read runs, once, and nothing else',
    details: [
      'On a terminal the review is shown and you are asked. In a script say what was read with --digest, or --yes for whatever it is now.',
      'The decision is bound to the digest: a payload that changed in between is refused. Of several, each is bound to the digest that was shown; what changed in between is left out.',
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
      { line: 'reviews approve 7', about: 'Read, confirm, release' },
      { line: 'reviews approve 7 --digest 3f9a0c51b2de', about: 'In a script: this and nothing else' },
    ],
  },
  {
    words: ['reviews', 'deny'],
    about: 'Deny, and say why',
    arguments: [ids],
    flags: [comment, digest, yesFlag, ...memberFlags],
    examples: [{ line: 'reviews deny 7 --comment "wrong account"', about: 'The worker reads the comment' }],
  },
  {
    words: ['reviews', 'edit'],
    about: 'Approve something else than was asked for',
    details: ['Of a job, the payload is {prompt, input, context_text, metadata}; what is left out stays as it was.'],
    arguments: [id],
    flags: [
      { name: 'payload', value: 'JSON', kind: 'json', about: 'What is to run instead' },
      { name: 'payload-file', value: 'FILE', complete: 'file', about: 'The same from a file; `-`: standard input' },
      comment,
      digest,
      yesFlag,
      ...memberFlags,
    ],
    examples: [{ line: 'reviews edit 7 --payload \'{"prompt": "Post to staging only"}\'', about: 'Release it changed' }],
  },
  {
    words: ['reviews', 'respond'],
    about: 'Answer the worker without releasing anything',
    arguments: [id],
    flags: [comment, digest, ...memberFlags],
    examples: [{ line: 'reviews respond 7 --comment "Which account?"', about: 'Text back to the worker' }],
  },
  {
    words: ['reviews', 'withdraw'],
    about: 'Take a review back before its approval is spent',
    details: ['A job that waits for it fails, and its error names the reason; `job ID --retry` asks anew.'],
    arguments: [id],
    flags: [{ name: 'reason', value: 'TEXT', about: 'Kept with the job that waited' }, ...memberFlags],
    examples: [{ line: 'reviews withdraw 7 --reason "sent by hand"', about: 'Nobody need decide it any more' }],
  },
  {
    words: ['grants'],
    about: 'List session grants that still let something pass',
    flags: [
      { name: 'session', value: 'ID', about: 'Only of this session: thread:ID or process:INSTANCE' },
      { name: 'ended', about: 'Those that have ended as well' },
      ...memberFlags,
    ],
    examples: [{ line: 'grants', about: 'Who may do what without asking again?' }],
  },
  {
    words: ['grants', 'revoke'],
    about: 'Revoke a grant: the next use asks again',
    arguments: [{ name: 'GRANT', about: 'Id of the grant' }],
    flags: memberFlags,
    examples: [{ line: 'grants revoke gr4k2m9x', about: 'At once' }],
  },
  {
    words: ['audit'],
    about: 'Ask the audit trail who did what, and when',
    flags: [
      { name: 'actor', value: 'NAME', about: 'Only what this member or worker did' },
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
    examples: [{ line: 'audit --capability social.publish --since 30d', about: 'Who posted that?' }],
  },
  {
    words: ['audit', 'look'],
    about: 'List what ran under the tier audit and nobody has looked at, oldest first',
    flags: [{ name: 'all', about: 'Those that somebody has looked at as well' }, limit, cursor, ...memberFlags],
    examples: [{ line: 'audit look', about: 'What ran without being asked about?' }],
  },
  {
    words: ['audit', 'seen'],
    about: 'Say that you have looked at rows: they leave the list of audit look',
    details: ['Rows that were seen before, or are not on the list, are left out, and the exit code is 1 then.'],
    arguments: [{ name: 'SEQ', optional: true, many: true, about: 'Number of the row, as audit look shows it' }],
    flags: [{ name: 'all', about: 'All that are on the list now' }, ...memberFlags],
    examples: [
      { line: 'audit seen 41 57', about: 'These two are fine' },
      { line: 'audit seen --all', about: 'Everything has been looked at' },
    ],
  },
  {
    words: ['audit', 'export'],
    about: 'Write the audit trail with its signed heads, to be verified anywhere',
    arguments: [{ name: 'FILE', optional: true, complete: 'file', about: 'Where to; absent: standard output' }],
    flags: [since, until, ...memberFlags],
    examples: [{ line: 'audit export trail.ndjson', about: 'Take it away' }],
  },
  {
    words: ['audit', 'heads'],
    about: 'Print the newest signed heads and the public keys, as JSON to be kept elsewhere',
    flags: [limit, ...memberFlags],
    examples: [{ line: 'audit heads > heads.json', about: 'What a later verification trusts' }],
  },
  {
    words: ['audit', 'verify'],
    about: 'Verify an exported trail without any server, and name the first bad row',
    details: [
      'Without --key the key in the file is believed, which proves nothing against whoever made the file. A key, or heads with their key, kept elsewhere prove what was there when they were signed.',
      'The exit code is 0 when everything holds, 1 when something does not.',
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
      { name: 'json', about: 'Print JSON' },
    ],
    examples: [{ line: 'audit verify trail.ndjson --key heads.json', about: 'Against heads that were kept elsewhere' }],
  },
  {
    words: ['webhooks'],
    about: 'List webhooks: where reviews and the killswitch are announced',
    flags: memberFlags,
    examples: [{ line: 'webhooks', about: 'Who is told, and about what' }],
  },
  {
    words: ['webhooks', 'create'],
    about: 'Announce reviews and the killswitch to an address, signed; the secret is printed once',
    details: [
      'The address must be public and https, unless the server was started with its host in MODELREINS_ALLOW_HOSTS. In a pipe the answer is the id, a tab and the secret.',
    ],
    arguments: [{ name: 'URL', about: 'Where to send' }],
    flags: [
      { name: 'events', value: 'A,B', choices: webhookEvents, about: `Only these: ${webhookEvents.join(', ')} (default: all)` },
      ...memberFlags,
    ],
    examples: [
      { line: 'webhooks create https://bridge.example.com/modelreins', about: 'Everything' },
      { line: 'webhooks create https://bridge.example.com/new --events review.created,review.escalated', about: 'Only what waits' },
    ],
  },
  {
    words: ['webhooks', 'delete'],
    about: 'Delete a webhook and what was to be sent to it',
    arguments: [webhook],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'webhooks delete wh4k2m9x7q', about: 'Nothing more is sent' }],
  },
  {
    words: ['webhooks', 'deliveries'],
    about: 'List what was sent, what the receiver answered, and what is still to be sent, newest first',
    arguments: [webhook],
    flags: [limit, cursor, ...memberFlags],
    examples: [{ line: 'webhooks deliveries wh4k2m9x7q', about: 'Does it arrive?' }],
  },
  {
    words: ['members'],
    about: 'List members: the people and programs that hold a key',
    flags: memberFlags,
    examples: [{ line: 'members', about: 'Who may do what' }],
  },
  {
    words: ['members', 'add'],
    about: 'Add a member and print the one-time view URL of the key',
    arguments: [{ name: 'NAME', about: 'A name for people to read' }],
    flags: [{ name: 'role', value: 'ROLE', choices: roles, about: `${roles.join(', ')} (default: viewer)` }, ...memberFlags],
    examples: [{ line: 'members add "Ada" --role reviewer', about: 'Somebody who decides reviews' }],
  },
  {
    words: ['members', 'rotate'],
    about: 'Replace the key of a member; the old one stops at once',
    arguments: [{ name: 'MEMBER', about: 'Name or member_id' }],
    flags: [keepRunningFlag, yesFlag, ...memberFlags],
    examples: [{ line: 'members rotate Ada', about: 'Prints the view URL of the new key' }],
  },
  {
    words: ['members', 'revoke'],
    about: 'Stop the key of a member for good; the row stays',
    arguments: [{ name: 'MEMBER', about: 'Name or member_id' }],
    flags: [{ name: 'stop-jobs', about: 'Abort what they had asked for and has not ended' }, yesFlag, ...memberFlags],
    examples: [
      { line: 'members revoke Ada', about: 'At once; says what of theirs waits or runs' },
      { line: 'members revoke Ada --stop-jobs --yes', about: 'A stolen key: nothing of it goes on' },
    ],
  },
]
