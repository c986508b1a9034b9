/** Responsible for completions that the server has not confirmed: kept in order, in memory or in a file, until it does. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as z from 'zod'
import { attemptCompletion, attemptFailure } from '@modelreins/contract'
import { parseJson } from '../../client/transport.ts'

const settlement = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('complete'), token: z.string(), attempt: z.number().int(), body: attemptCompletion }),
  z.object({ kind: z.literal('fail'), token: z.string(), attempt: z.number().int(), body: attemptFailure }),
])
/** How one attempt ended, and its lease token. */
export type Settlement = z.infer<typeof settlement>

export interface Outbox {
  /** Keeps the entry in place of an earlier one for the same attempt. With a file, it is written before this returns. */
  put(entry: Settlement): void
  /** Called when the entry was delivered or permanently rejected. */
  remove(entry: Settlement): void
  /** Oldest first. */
  entries(): readonly Settlement[]
}

export function memoryOutbox(): Outbox {
  const kept = new Map<string, Settlement>()
  return {
    put: (entry) => void kept.set(entry.token, entry),
    remove: (entry) => void kept.delete(entry.token),
    entries: () => [...kept.values()],
  }
}

const record = z.discriminatedUnion('op', [
  z.object({ op: z.literal('put'), entry: settlement }),
  z.object({ op: z.literal('remove'), token: z.string() }),
])
type OutboxRecord = z.infer<typeof record>

/**
 * A journal: one JSON line per change, rewritten when it is opened and whenever it is empty. It contains lease tokens and results, so only its owner
 * can read it. A line that a crash cut off is ignored, because its completion was never acknowledged to the caller.
 */
export function fileOutbox(path: string): Outbox {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const kept = readJournal(path)
  const rewrite = (): void => {
    const lines = [...kept.values()].map((entry) => `${JSON.stringify({ op: 'put', entry } satisfies OutboxRecord)}\n`)
    writeFileSync(`${path}.new`, lines.join(''), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  rewrite()
  const append = (change: OutboxRecord): void => appendFileSync(path, `${JSON.stringify(change)}\n`, { mode: 0o600 })
  return {
    put: (entry) => {
      kept.set(entry.token, entry)
      append({ op: 'put', entry })
    },
    remove: (entry) => {
      if (!kept.delete(entry.token)) return
      if (kept.size === 0) rewrite()
      else append({ op: 'remove', token: entry.token })
    },
    entries: () => [...kept.values()],
  }
}

/** The number of entries in the file, without opening it for a worker. */
export const waitingIn = (path: string): number => readJournal(path).size

function readJournal(path: string): Map<string, Settlement> {
  const kept = new Map<string, Settlement>()
  for (const line of readLines(path)) {
    const parsed = record.safeParse(parseJson(line))
    if (!parsed.success) continue
    if (parsed.data.op === 'put') kept.set(parsed.data.entry.token, parsed.data.entry)
    else kept.delete(parsed.data.token)
  }
  return kept
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
