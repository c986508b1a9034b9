/** Responsible for restoring an emptied stream from its transcript, when the job is retried long after its end. */
import { packChunks } from './fencing.ts'
import { open } from './store/open.ts'
import type { StoredChunk } from './store/schema.ts'
import { transcriptLines, type TranscriptEnd } from './transcript.ts'
import { JobStream } from './job-stream.ts'

/** Restores the stream as it ended. Writes the state row last, so that an interrupted restore counts as an empty object. */
export async function restore(
  storage: DurableObjectStorage,
  whose: { readonly tenant: string; readonly job_id: number },
  body: ReadableStream<Uint8Array>,
  at: number,
): Promise<JobStream> {
  const store = await open(storage)
  store.clearBatches()
  let last: TranscriptEnd | undefined
  for await (const group of transcriptLines(body)) {
    const attempts = new Map<number, StoredChunk[]>()
    for (const line of group) {
      if ('end' in line) last = line
      else attempts.set(line.attempt, [...(attempts.get(line.attempt) ?? []), [line.seq, line.stream, line.text]])
    }
    store.atomically(() => {
      for (const [attempt, chunks] of attempts) for (const batch of packChunks(chunks)) store.append({ ...batch, attempt, at })
    })
  }
  if (last === undefined) throw new Error('the transcript has no end')
  const { attempt, end, next_seq } = last
  store.saveState({ ...whose, attempt, nonce: '', offered_at: 0, base: next_seq, ended_attempt: attempt, end, archived_at: at })
  return new JobStream(store)
}
