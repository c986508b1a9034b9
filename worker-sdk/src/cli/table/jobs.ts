/** Responsible for the table's rows about jobs and their files: dispatch, jobs, job, artifacts. */
import { efforts, fallbackCauses, jobStatuses, keyConflicts, mergeKinds, modes, substrates } from '@modelreins/contract'
import type { Argument, Command, Flag } from '../arguments/command.ts'
import { dryRunFlag, memberFlags, yesFlag } from './flags.ts'

const filters: readonly Flag[] = [
  { name: 'status', value: 'A,B', choices: jobStatuses, about: `Only these: ${jobStatuses.join(', ')}` },
  { name: 'thread', value: 'ID', about: 'Only jobs of this thread' },
  { name: 'capability', value: 'NAME', about: 'Only jobs for this capability' },
  { name: 'worker', value: 'NAME', about: 'Only jobs of this worker' },
  { name: 'effort', value: 'TIER', choices: efforts, about: `Only jobs of this tier: ${efforts.join(', ')}` },
  { name: 'created-by', value: 'NAME', about: 'Only jobs that this member dispatched (also a revoked member)' },
  { name: 'error', value: 'CLASS', about: 'Only jobs whose last attempt ended with this class of error, such as worker_lost' },
]
const id: Argument = { name: 'ID', about: 'Number of the job' }

/** What a job is made of, for the commands that make one. */
export const requestFlags: readonly Flag[] = [
  { name: 'file', value: 'FILE', complete: 'file', about: 'Read the prompt from this file' },
  { name: 'target', value: 'WORKER', about: 'Only this worker' },
  { name: 'to', value: 'WORKER', many: true, about: 'Fan-out: one of several workers to ask; repeat it' },
  { name: 'fan-out', value: 'N', kind: 'count', about: 'Fan-out: ask this many workers that the Director picks' },
  {
    name: 'distinct',
    value: 'WHAT',
    choices: ['worker', 'provider', 'model'],
    about: 'With --fan-out: each of them has a different worker, provider or model (default: worker)',
  },
  { name: 'merge', value: 'HOW', choices: mergeKinds, about: `Fan-out: ${mergeKinds.join(', ')} (default: worker)` },
  { name: 'merge-worker', value: 'WORKER', about: 'Fan-out: the worker that merges the answers' },
  { name: 'merge-prompt', value: 'TEXT', about: 'Fan-out: instruction for the merge' },
  { name: 'vote-field', value: 'NAME', about: 'With --merge vote: field of the JSON answers to count' },
  { name: 'quorum', value: 'N', kind: 'count', about: 'Fan-out: merge as soon as this many have answered' },
  { name: 'deadline', value: 'TIME', kind: 'duration', about: 'Fan-out: merge after this time with the answers so far' },
  { name: 'capability', value: 'NAME', about: 'Capability that the worker must declare' },
  { name: 'effort', value: 'TIER', choices: efforts, about: `${efforts.join(', ')} (default: standard)` },
  {
    name: 'mode',
    value: 'WHERE',
    choices: modes,
    about: 'Where inference runs: auto, local (the machine of the worker) or cloud (default: auto)',
  },
  { name: 'avoid', value: 'WORKER', many: true, about: 'Worker to exclude; may be repeated' },
  { name: 'prefer', value: 'WORKER', many: true, about: 'Worker to rank first; may be repeated' },
  {
    name: 'fallback',
    value: 'AFTER:KEY=VALUE',
    many: true,
    about: `Where the job continues after ${fallbackCauses.join(', ')}: target, provider or model, such as rate_limited:provider=codex. May be repeated; the order counts. none: no fallback, not even the default of the tenant`,
  },
  { name: 'thread', value: 'ID', about: 'Thread that the job belongs to' },
  { name: 'tag', value: 'TAG', many: true, about: 'Tag that the worker must have; may be repeated' },
  { name: 'network', value: 'NAME', many: true, about: 'Network that the worker must reach; may be repeated' },
  {
    name: 'substrate',
    value: 'KIND',
    choices: substrates,
    about: `Kind of worker: ${substrates.join(', ')}; carbon is a person`,
  },
  { name: 'provider', value: 'NAME', complete: 'provider', about: 'Provider that the worker must run' },
  { name: 'model', value: 'NAME', about: 'Model to use' },
  { name: 'priority', value: 'N', kind: 'count', about: 'From -10 to 10' },
  { name: 'context', value: 'POLICY', suggest: ['none', 'inline', 'thread', 'last:10'], about: 'none, inline, thread or last:N' },
  { name: 'context-from', value: 'JOB', kind: 'count', about: 'Continue with the answer of this job, such as one child of a fan-out' },
  { name: 'context-file', value: 'FILE', complete: 'file', about: 'File to send as inline context; `-`: standard input' },
  { name: 'input', value: 'JSON', kind: 'json', about: 'Structured input in addition to the prompt' },
  { name: 'metadata', value: 'JSON', kind: 'json', about: 'Stored with the job, not interpreted' },
  { name: 'secret', value: 'REF', many: true, about: 'vault:// reference that the job needs; may be repeated' },
  { name: 'timeout', value: 'TIME', kind: 'duration', about: 'Limit of one attempt, such as 30s, 10m, 2h' },
  { name: 'expires-in', value: 'TIME', kind: 'duration', about: 'Limit of waiting in the queue' },
  { name: 'max-attempts', value: 'N', kind: 'count', about: 'Maximum number of attempts' },
  { name: 'key', value: 'KEY', about: 'Concurrency key: one job of this key runs at a time, the others wait' },
  { name: 'key-limit', value: 'N', kind: 'count', about: 'With --key: maximum at once (default: 1)' },
  {
    name: 'on-conflict',
    value: 'WHAT',
    choices: keyConflicts,
    about: 'With --key, when it is taken: wait (default), replace waiting jobs, or reject',
  },
  { name: 'rate', value: 'KEY=N/TIME', about: 'Maximum number of starts of this key in this time, such as mail=10/1m' },
  { name: 'queue', about: 'Queue the job when no worker is live, instead of failing' },
]

export const jobCommands: readonly Command[] = [
  {
    words: ['dispatch'],
    about: 'Dispatch a job and stream its output',
    details: [
      'The prompt comes from PROMPT, the file of --file, or standard input. The standard output of the job goes to standard output, and its result too if it is different. Everything else goes to standard error.',
      'The exit code is 0 when the job is done, 1 when it failed, and 130 after Ctrl-C. After Ctrl-C the job continues on the server.',
    ],
    arguments: [{ name: 'PROMPT', optional: true, many: true, about: 'Prompt; `-` or none: read standard input' }],
    flags: [
      ...requestFlags,
      { name: 'not-before', value: 'TIME', about: 'Earliest start (ISO 8601), or a delay (10m)' },
      { name: 'idempotency-key', value: 'KEY', about: 'Idempotency key: a repeated request with it returns the same job' },
      { name: 'wait', about: 'Stream the output until the job ends (default)' },
      { name: 'no-wait', about: 'Print the job id and return' },
      dryRunFlag,
      { name: 'quiet', short: 'q', about: 'Print only the result, at the end' },
      ...memberFlags,
    ],
    examples: [
      { line: 'dispatch "Review this code for security issues" --effort deep', about: 'Stream the output' },
      { before: 'git diff |', line: 'dispatch "Review this diff" --context-file -', about: 'Pipe a diff as inline context' },
      { line: 'dispatch --file prompt.md --quiet > answer.md', about: 'Save only the result to a file' },
      { line: 'dispatch "Is this a bug?" --to anna --to bert --merge vote', about: 'Ask two workers, take the most frequent answer' },
      {
        line: 'dispatch "Review this" --provider claude --fallback rate_limited:provider=codex',
        about: 'Use another provider when this one has no quota',
      },
      { line: 'dispatch "Review this" --mode local --dry-run', about: 'Show the ranking of the workers' },
      { line: 'dispatch "Nightly report" --capability report.generate --queue --no-wait', about: 'Queue it and return' },
    ],
  },
  {
    words: ['jobs'],
    about: 'List jobs, newest first',
    flags: [
      ...filters,
      { name: 'limit', value: 'N', kind: 'count', about: 'Maximum number of rows (default: 50)' },
      { name: 'cursor', value: 'TEXT', about: '`next_cursor` of the previous page' },
      { name: 'all', about: 'All pages' },
      ...memberFlags,
    ],
    examples: [
      { line: 'jobs --status running,retry', about: 'Jobs that run or wait for a retry' },
      { line: 'jobs --worker my-triager --limit 10', about: 'The newest ten of one worker' },
    ],
  },
  {
    words: ['jobs', 'abort'],
    about: 'Abort every job that a filter matches',
    flags: [
      ...filters,
      { name: 'all', about: 'Every job of the tenant' },
      { name: 'reason', value: 'TEXT', about: 'Reason, stored with the jobs' },
      dryRunFlag,
      yesFlag,
      ...memberFlags,
    ],
    examples: [
      { line: 'jobs abort --thread release-42', about: 'Count, confirm, abort' },
      { line: 'jobs abort --all --dry-run', about: 'Only count' },
    ],
  },
  {
    words: ['jobs', 'retry'],
    about: 'Start a new attempt of every failed job that a filter matches',
    flags: [
      ...filters,
      { name: 'all', about: 'Every failed job of the tenant (the same as no filter)' },
      dryRunFlag,
      yesFlag,
      ...memberFlags,
    ],
    examples: [{ line: 'jobs retry --worker my-triager', about: 'Count, confirm, retry' }],
  },
  {
    words: ['job'],
    about: 'Show one job; with a flag, explain why it waits, follow, abort or retry it, or pick an answer',
    details: ['With --follow the exit code is 0 when the job is done and 1 when it failed.'],
    arguments: [id],
    flags: [
      { name: 'why', about: 'Explain what it waits for and how each worker was ranked' },
      { name: 'follow', short: 'f', about: 'Stream its output until it ends' },
      { name: 'result', about: 'Print only the result, in full' },
      { name: 'children', about: 'Of a fan-out: list its jobs' },
      { name: 'abort', about: 'Abort it' },
      { name: 'reason', value: 'TEXT', about: 'With --abort: reason, stored with the job' },
      { name: 'retry', about: 'Start a new attempt of a failed job, or of a job in `retry` at once' },
      {
        name: 'what',
        value: 'PART',
        choices: ['children', 'merge'],
        about: 'With --retry, of a fan-out: its failed children (default), or only the merge',
      },
      { name: 'target', value: 'WORKER', about: 'With --retry: change its target to this worker' },
      { name: 'any-worker', about: 'With --retry: remove its target, so that any worker may take it' },
      {
        name: 'pick',
        value: 'CHILD',
        kind: 'count',
        about: 'Of a fan-out: pick the answer of this child (its job id) as the answer of the fan-out; possible once',
      },
      {
        name: 'not-before',
        value: 'TIME',
        about: 'Reschedule: earliest start (ISO 8601), a delay (10m), or `now`',
      },
      { name: 'expires-at', value: 'TIME', about: 'New expiry (ISO 8601), or a delay from now (2h)' },
      ...memberFlags,
    ],
    examples: [
      { line: 'job 12', about: 'Everything about job 12' },
      { line: 'job 12 --why', about: 'Explain why it waits' },
      { line: 'job 12 --pick 14', about: 'Use the answer of job 14 as the answer of fan-out 12' },
      { line: 'job 12 --retry --follow', about: 'Retry and stream the output' },
    ],
  },
  {
    words: ['artifacts'],
    about: 'List artifacts (files of jobs and reviews), newest first',
    flags: [
      { name: 'job', value: 'ID', kind: 'count', about: 'Only those of this job' },
      { name: 'limit', value: 'N', kind: 'count', about: 'Maximum number of rows (default: 50)' },
      { name: 'cursor', value: 'TEXT', about: '`next_cursor` of the previous page' },
      ...memberFlags,
    ],
    examples: [{ line: 'artifacts --job 12', about: 'Files of job 12' }],
  },
  {
    words: ['artifacts', 'get'],
    about: 'Download an artifact and check its digest',
    details: [
      'Without --output it is written to the current folder under its own name; existing files are never overwritten. A file whose digest does not match is removed.',
    ],
    arguments: [{ name: 'SLUG', about: 'Its slug, or its address' }],
    flags: [
      { name: 'output', short: 'o', value: 'FILE', complete: 'file', about: 'Write it to this file; `-`: to standard output' },
      ...memberFlags,
    ],
    examples: [
      { line: 'artifacts get ar5local3k7q -o report.pdf', about: 'Write to this file, overwriting it' },
      { line: 'artifacts get ar5local3k7q -o - | jq .', about: 'Pipe to another program' },
    ],
  },
]
