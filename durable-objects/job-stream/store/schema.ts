/** Responsible for the tables of one job's stream: an append writes one row for all its chunks, because rows written are billed. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { StreamEnd } from '../gate.ts'

/** One chunk inside a batch: its number in the stream, its source, its text. */
export type StoredChunk = readonly [seq: number, stream: string, text: string]

/** Chunks that were appended together. */
export const batches = sqliteTable('batches', {
  /** Sequence of the first chunk. */
  first: integer().primaryKey(),
  /** Sequence after the last chunk. */
  next: integer().notNull(),
  attempt: integer().notNull(),
  /** UTF-8 bytes of the texts, with the overhead per chunk. This column precedes the texts, so that a sum does not read them. */
  bytes: integer().notNull(),
  /** Milliseconds since 1970. */
  at: integer().notNull(),
  chunks: text({ mode: 'json' }).$type<readonly StoredChunk[]>().notNull(),
})

/** The single state row: the writing attempt and the end. Written only when an attempt begins or ends, not for each append. */
export const stream = sqliteTable('stream', {
  /** Always 1. */
  id: integer().primaryKey(),
  tenant: text().notNull(),
  job_id: integer().notNull(),
  /** The newest attempt that wrote; its chunk 0 has sequence `base`. */
  attempt: integer().notNull(),
  nonce: text().notNull(),
  offered_at: integer().notNull(),
  base: integer().notNull(),
  /** Attempts up to this one have ended and are refused. */
  ended_attempt: integer().notNull(),
  end: text({ mode: 'json' }).$type<StreamEnd>(),
  /** When the transcript was complete in R2, milliseconds since 1970. */
  archived_at: integer(),
})
