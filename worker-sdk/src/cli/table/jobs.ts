/** Responsible for the table's rows about jobs and their files: dispatch, jobs, job, artifacts. It runs nothing. */
import { efforts, jobStatuses, mergeKinds } from '@modelreins/contract'
import type { Argument, Command, Flag } from '../command.ts'
import { dryRunFlag, memberFlags, yesFlag } from './flags.ts'

const filters: readonly Flag[] = [
  { name: 'status', value: 'A,B', choices: jobStatuses, about: `Only these: ${jobStatuses.join(', ')}` },
  { name: 'thread', value: 'ID', about: 'Only jobs of this thread' },
  { name: 'capability', value: 'NAME', about: 'Only jobs for this capability' },
  { name: 'worker', value: 'NAME', about: 'Only jobs of this worker' },
  { name: 'effort', value: 'TIER', choices: efforts, about: `Only jobs of this tier: ${efforts.join(', ')}` },
  { name: 'created-by', value: 'NAME', about: 'Only jobs that this member dispatched, also when they are revoked' },
]
const id: Argument = { name: 'ID', about: 'Number of the job' }

export const jobCommands: readonly Command[] = [
  {
    words: ['dispatch'],
    about: 'Dispatch a job and stream its answer',
    details: [
      'The prompt is PROMPT, or the file of --file, or standard input. Standard output gets what the job writes to its standard output, and its result when that is something else; everything else goes to standard error.',
      'The exit code is 0 when the job is done, 1 when it failed, 130 when you left it with Ctrl-C: the job goes on then.',
    ],
    arguments: [{ name: 'PROMPT', optional: true, many: true, about: 'The prompt; `-` or nothing: from standard input' }],
    flags: [
      { name: 'file', value: 'FILE', complete: 'file', about: 'Read the prompt from this file' },
      { name: 'target', value: 'WORKER', about: 'This worker and no other' },
      { name: 'to', value: 'WORKER', many: true, about: 'Fan-out: one of several workers to ask; repeat it' },
      { name: 'fan-out', value: 'N', kind: 'count', about: 'Fan-out: ask this many workers that the Director picks' },
      {
        name: 'distinct',
        value: 'WHAT',
        choices: ['worker', 'provider', 'model'],
        about: 'With --fan-out: what no two of them share (default: worker)',
      },
      { name: 'merge', value: 'HOW', choices: mergeKinds, about: `Fan-out: ${mergeKinds.join(', ')} (default: worker)` },
      { name: 'merge-worker', value: 'WORKER', about: 'Fan-out: the worker that merges the answers' },
      { name: 'merge-prompt', value: 'TEXT', about: 'Fan-out: what to do with the answers' },
      { name: 'vote-field', value: 'NAME', about: 'With --merge vote: the field of JSON answers that is counted' },
      { name: 'quorum', value: 'N', kind: 'count', about: 'Fan-out: merge as soon as this many have answered' },
      { name: 'deadline', value: 'TIME', kind: 'duration', about: 'Fan-out: merge after this time with what there is' },
      { name: 'capability', value: 'NAME', about: 'What the worker must have declared' },
      { name: 'effort', value: 'TIER', choices: efforts, about: `${efforts.join(', ')} (default: standard)` },
      { name: 'thread', value: 'ID', about: 'Thread that the job belongs to' },
      { name: 'tag', value: 'TAG', many: true, about: 'Tag that the worker must have; may be repeated' },
      { name: 'network', value: 'NAME', many: true, about: 'Network that the worker must reach; may be repeated' },
      { name: 'provider', value: 'NAME', complete: 'provider', about: 'Provider that the worker must run' },
      { name: 'model', value: 'NAME', about: 'Model to use' },
      { name: 'priority', value: 'N', kind: 'count', about: 'From -10 to 10' },
      { name: 'context', value: 'POLICY', suggest: ['none', 'inline', 'thread', 'last:10'], about: 'none, inline, thread or last:N' },
      { name: 'context-file', value: 'FILE', complete: 'file', about: 'Send this file along as inline context; `-`: standard input' },
      { name: 'input', value: 'JSON', kind: 'json', about: 'Structured input beside the prompt' },
      { name: 'metadata', value: 'JSON', kind: 'json', about: 'Kept with the job, not read by anybody' },
      { name: 'secret', value: 'REF', many: true, about: 'vault:// reference that the job needs; may be repeated' },
      { name: 'timeout', value: 'TIME', kind: 'duration', about: 'How long one attempt may take, such as 30s, 10m, 2h' },
      { name: 'expires-in', value: 'TIME', kind: 'duration', about: 'How long the job may wait for its first start' },
      { name: 'not-before', value: 'TIME', about: 'Not offered before this time (ISO 8601), or after this long (10m)' },
      { name: 'max-attempts', value: 'N', kind: 'count', about: 'How often it is tried at most' },
      { name: 'queue', about: 'Queue the job when no worker is there, instead of failing' },
      { name: 'idempotency-key', value: 'KEY', about: 'The same key and request answer the same job' },
      { name: 'wait', about: 'Wait for the end and stream the answer: the default' },
      { name: 'no-wait', about: 'Print the id of the job and return' },
      { name: 'quiet', short: 'q', about: 'Print the result alone, at the end' },
      ...memberFlags,
    ],
    examples: [
      { line: 'dispatch "Review this code for security issues" --effort deep', about: 'Stream the answer' },
      { before: 'git diff |', line: 'dispatch "Review this diff" --context-file -', about: 'Send a diff along' },
      { line: 'dispatch --file prompt.md --quiet > answer.md', about: 'The result alone, into a file' },
      { line: 'dispatch "Is this a bug?" --to anna --to bert --merge vote', about: 'Ask two workers, take the most frequent answer' },
      { line: 'dispatch "Nightly report" --capability report.generate --queue --no-wait', about: 'Leave it in the queue and go' },
    ],
  },
  {
    words: ['jobs'],
    about: 'List jobs, newest first',
    flags: [
      ...filters,
      { name: 'limit', value: 'N', kind: 'count', about: 'How many (default: 50)' },
      { name: 'cursor', value: 'TEXT', about: 'Go on where the last list ended' },
      { name: 'all', about: 'All of them, page by page' },
      ...memberFlags,
    ],
    examples: [
      { line: 'jobs --status running,retry', about: 'What is under way' },
      { line: 'jobs --worker my-triager --limit 10', about: 'The last ten of one worker' },
    ],
  },
  {
    words: ['jobs', 'abort'],
    about: 'Abort every job that a filter matches',
    flags: [
      ...filters,
      { name: 'all', about: 'Every job of the tenant' },
      { name: 'reason', value: 'TEXT', about: 'Kept with the jobs' },
      dryRunFlag,
      yesFlag,
      ...memberFlags,
    ],
    examples: [
      { line: 'jobs abort --thread release-42', about: 'Count, ask, abort' },
      { line: 'jobs abort --all --dry-run', about: 'How many would that be?' },
    ],
  },
  {
    words: ['jobs', 'retry'],
    about: 'Start a new attempt of every failed job that a filter matches',
    flags: [
      ...filters,
      { name: 'all', about: 'Every failed job of the tenant: the same as no filter' },
      dryRunFlag,
      yesFlag,
      ...memberFlags,
    ],
    examples: [{ line: 'jobs retry --worker my-triager', about: 'Count, ask, retry' }],
  },
  {
    words: ['job'],
    about: 'Show one job; say why it waits, follow, abort or retry it',
    details: ['With --follow the exit code is that of the job: 0 done, 1 failed.'],
    arguments: [id],
    flags: [
      { name: 'why', about: 'Say what it waits for, and how each worker was ranked' },
      { name: 'follow', short: 'f', about: 'Stream its output until it ends' },
      { name: 'result', about: 'Print the whole result and nothing else' },
      { name: 'children', about: 'Of a fan-out: list its jobs' },
      { name: 'abort', about: 'Abort it' },
      { name: 'reason', value: 'TEXT', about: 'With --abort: kept with the job' },
      { name: 'retry', about: 'Start a new attempt of a failed job, or try one that waits for its retry now' },
      {
        name: 'not-before',
        value: 'TIME',
        about: 'Move it: not offered before this time (ISO 8601), or after this long (10m); now: at once',
      },
      { name: 'expires-at', value: 'TIME', about: 'Move its expiry to this time (ISO 8601), or to this long from now (2h)' },
      ...memberFlags,
    ],
    examples: [
      { line: 'job 12', about: 'Everything about job 12' },
      { line: 'job 12 --why', about: 'Why is it waiting?' },
      { line: 'job 12 --retry --follow', about: 'Try again and watch' },
    ],
  },
  {
    words: ['artifacts'],
    about: 'List artifacts: the files that jobs made or came with, newest first',
    flags: [
      { name: 'job', value: 'ID', kind: 'count', about: 'Only those of this job' },
      { name: 'limit', value: 'N', kind: 'count', about: 'How many (default: 50)' },
      { name: 'cursor', value: 'TEXT', about: 'Go on where the last list ended' },
      ...memberFlags,
    ],
    examples: [{ line: 'artifacts --job 12', about: 'What job 12 left behind' }],
  },
  {
    words: ['artifacts', 'get'],
    about: 'Download an artifact and check its digest',
    details: [
      'Without --output it goes into the current folder under its own name, over no file that is there. What does not arrive as it was kept is not left behind.',
    ],
    arguments: [{ name: 'SLUG', about: 'Its slug, or its address' }],
    flags: [
      { name: 'output', short: 'o', value: 'FILE', complete: 'file', about: 'Write it to this file; `-`: to standard output' },
      ...memberFlags,
    ],
    examples: [
      { line: 'artifacts get ar5local3k7q -o report.pdf', about: 'Into this file, also when it is there' },
      { line: 'artifacts get ar5local3k7q -o - | jq .', about: 'Into another program' },
    ],
  },
]
