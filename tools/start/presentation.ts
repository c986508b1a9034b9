/** Responsible for the texts that `npm start` prints. */
import { relative } from 'node:path'
import { shown, shownLines, type AuditRow, type Job, type StreamEvent } from '@modelreins/contract'
import type { ProviderChoice } from './provider-choice.ts'

/** The shortest form of a path that works from this folder. */
export function shortPath(path: string, from: string): string {
  const short = relative(from, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}

const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`)

const row = (name: string, text: string): string => `  ${name.padEnd(14)}${text}`

/** Text from jobs, workers and members is untrusted: it is printed as plain characters, with invisible ones spelled out. */
const firstLine = (text: string, limit: number): string => {
  const line = text.split('\n', 1)[0] ?? ''
  return shown(line.length > limit || line.length < text.trim().length ? `${line.slice(0, limit).trimEnd()}...` : line)
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`

export interface Place {
  readonly url: string
  readonly host: string
  readonly tenant: string
  readonly state: string
}

export function controlPlane(place: Place): string {
  const open = place.host === '127.0.0.1' || place.host === 'localhost' || place.host === '::1'
  return [
    'ModelReins is running on this machine.',
    '',
    row('address', place.url),
    ...(open
      ? []
      : [
          row('', `listens on ${place.host}: every host that reaches that address can call it, and tokens travel unencrypted;`),
          row('', 'put TLS and a firewall in front; without --host only this machine can reach it'),
        ]),
    row('tenant', shown(place.tenant)),
    row('state', place.state),
  ].join('\n')
}

/** The same address with the host `localhost`: browsers accept passkeys only for a name, not for an IP address. */
export const byName = (url: string): string => url.replace(/^http:\/\/(?:127\.0\.0\.1|\[::1\])(?=[:/]|$)/, 'http://localhost')

/** The part after # is not sent to a server; the page opens the view and signs in with the key in it. */
export const signInLink = (viewUrl: string): string => byName(viewUrl).replace(/\/view\/([a-z0-9]+)#/, '/sign-in#$1.')

export function ownerKey(key: string, viewUrl: string, connection: string): string {
  return [
    row('dashboard', signInLink(viewUrl)),
    row('', 'signs you in once, within 24 hours; it uses the same view as the link below'),
    row('owner key', key),
    row('', `shown only now; stored in ${connection} (readable by you alone)`),
    row('or a link', viewUrl),
    row('', 'opens once, within 24 hours, and shows another owner key'),
  ].join('\n')
}

export const keptKey = (connection: string, url: string): string =>
  [row('dashboard', `${byName(url)}/`), row('owner key', `as before, in ${connection}`)].join('\n')

export const worker = (name: string, choice: ProviderChoice): string =>
  [row('worker', shown(name)), row('', `runs ${shown(choice.because)}`)].join('\n')

export function earlierJobs(jobs: readonly Job[]): string {
  const lines = jobs.map(
    (job) =>
      `  ${String(job.id).padStart(4)}  ${job.status.padEnd(8)}${shown(job.assigned_to ?? '-').padEnd(20)}${firstLine(job.prompt, 60)}`,
  )
  return ['Earlier jobs, newest first', ...lines].join('\n')
}

export function dispatched(job: Job): string {
  return [
    `Job ${job.id} goes to ${shown(job.assigned_to ?? 'the first eligible worker')}`,
    row('prompt', firstLine(job.prompt, 100)),
    '',
  ].join('\n')
}

/** Pieces of output may end within a line; each line gets one margin and stays whole. */
export function outputMargin(write: (text: string) => void): { readonly event: (event: StreamEvent) => void; readonly end: () => void } {
  let atLineStart = true
  const put = (text: string): void => {
    for (const part of text.split(/(?<=\n)/)) {
      if (part === '') continue
      write(atLineStart ? `  | ${part}` : part)
      atLineStart = part.endsWith('\n')
    }
  }
  const end = (): void => {
    if (!atLineStart) write('\n')
    atLineStart = true
  }
  return {
    event: (event) => {
      if (event.event === 'output') put(shownLines(event.data.text))
      if (event.event === 'gap') {
        end()
        write(`  (output ${event.data.from} to ${event.data.to} is no longer kept)\n`)
      }
      if (event.event === 'end') end()
    },
    end,
  }
}

export function outcome(job: Job, tookMs: number): string {
  const by = shown(job.assigned_to ?? 'no worker')
  const head = `Job ${job.id} is ${job.status}: ${by}, ${seconds(tookMs)} from dispatch to the end${job.attempt > 1 ? `, attempt ${job.attempt}` : ''}`
  if (job.error !== null)
    return [head, row('error', shownLines(`${job.error.type}: ${job.error.message}`).replaceAll('\n', '\n                '))].join('\n')
  const result = job.result ?? ''
  const same = result.trim() === job.output.trim() || (result === '' && job.output !== '')
  if (same) return [head, row('result', `${result.length.toLocaleString('en-US')} characters, the output above`)].join('\n')
  return [
    head,
    row('result', ''),
    ...shownLines(result.trimEnd())
      .split('\n')
      .map((line) => `    ${line}`),
  ].join('\n')
}

export function auditRows(rows: readonly AuditRow[]): string {
  if (rows.length === 0) return 'Audit: no rows stored yet; see GET /audit'
  const lines = rows.map(
    (one) =>
      `  ${String(one.seq).padStart(4)}  ${one.at.slice(11, 23)}  ${one.action.padEnd(16)}${shown(`${one.actor.kind} ${one.actor.name}`).padEnd(26)}${one.hash.slice(0, 12)}`,
  )
  return ['Audit rows of the job (number, time, action, actor, hash; each hash covers the one before)', ...lines].join('\n')
}

/** `authorization` is a file with the header, so that no key is in a command line. `jobId`: a job to read, if there is one. */
export function nextSteps(url: string, authorization: string, jobId: number | undefined): string {
  const header = `-H @${quote(authorization)}`
  return [
    'Next',
    '  dispatch a job:',
    `    curl -sS ${url}/dispatch ${header} -H 'Content-Type: application/json' -d '{"prompt": "Report on CONTRIBUTING.md"}'`,
    ...(jobId === undefined ? [] : ['  read a job, with its output and result:', `    curl -sS ${url}/jobs/${jobId} ${header}`]),
    '  list workers, and the audit trail:',
    `    curl -sS ${url}/presence ${header}`,
    `    curl -sS ${url}/audit ${header}`,
    `  API reference: ${url}/docs`,
  ].join('\n')
}

/** `state`: the state folder when it is not the default. */
export function addWorker(state: string | undefined): string {
  return [
    '  add a worker from another terminal:',
    `    npm run worker -- --name second${state === undefined ? '' : ` --state ${quote(state)}`}`,
  ].join('\n')
}

export const stopHint = 'Ctrl-C stops everything; npm start continues with the same state.'
