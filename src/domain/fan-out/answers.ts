/**
 * Responsible for the texts that are made from several answers: attributed to workers, shortened fairly, counted, and put into the prompt of a merge
 * job.
 */
import { byteLength, limits } from '@modelreins/contract'

export interface Answer {
  readonly job_id: number
  readonly worker: string
  readonly text: string
  /** Where the whole answer is stored when the text is only its beginning; null when the text is the whole answer. */
  readonly stored: string | null
  /** The letter with which a merged answer cites it. */
  readonly mark: string
}

/** The share of `total` bytes that each text gets: short texts keep all of theirs, and the rest is divided among the long ones. */
export function fairShares(sizes: readonly number[], total: number): readonly number[] {
  const shares = sizes.map(() => 0)
  let left = total
  let open = sizes.map((_, index) => index)
  while (open.length > 0) {
    const even = Math.floor(left / open.length)
    const fitting = open.filter((index) => (sizes[index] ?? 0) <= even)
    if (fitting.length === 0) {
      for (const index of open) shares[index] = even
      return shares
    }
    for (const index of fitting) {
      shares[index] = sizes[index] ?? 0
      left -= sizes[index] ?? 0
    }
    open = open.filter((index) => !fitting.includes(index))
  }
  return shares
}

/** The beginning of a text in at most this many bytes of UTF-8, cut between characters. */
function firstBytes(text: string, maxBytes: number): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += byteLength(character)
    if (bytes > maxBytes) return text.slice(0, end)
    end += character.length
  }
  return text
}

const cutNote = (answer: Answer): string => `\n[cut: the whole answer is the result of job ${answer.job_id}]`

/** All answers under their workers' names, in at most `maxBytes`; each cut is marked. `marked`: each heading has the letter to cite the answer by. */
export function attributeAnswers(answers: readonly Answer[], maxBytes: number, marked = false): string {
  const heading = (answer: Answer): string => `## ${answer.worker} (job ${answer.job_id})${marked ? ` [${answer.mark}]` : ''}\n\n`
  const around = answers.reduce((sum, answer) => sum + byteLength(heading(answer)) + byteLength(cutNote(answer)) + 2, 0)
  const sizes = answers.map((answer) => byteLength(answer.text))
  const shares = fairShares(sizes, Math.max(0, maxBytes - around))
  return answers
    .map((answer, index) => {
      const share = shares[index] ?? 0
      const fits = (sizes[index] ?? 0) <= share
      const text = fits ? answer.text : firstBytes(answer.text, share)
      return `${heading(answer)}${text}${fits && answer.stored === null ? '' : cutNote(answer)}`
    })
    .join('\n\n')
}

const defaultInstruction =
  'Several workers were given the same prompt. Write the one answer that a person should read: keep what is right, settle contradictions, cite the answer that a statement rests on by its letter in brackets, as in [a], and add nothing that no answer supports.'

/** The prompt of the merge job. It never exceeds the limit of a prompt. */
export function mergePrompt(prompt: string, answers: readonly Answer[], instruction: string | null): string {
  const asked = firstBytes(prompt, limits.prompt_bytes / 4)
  const head = `${instruction ?? defaultInstruction}\n\n# The prompt\n\n${asked}${asked === prompt ? '' : '\n[cut]'}\n\n# The answers\n\n`
  return head + attributeAnswers(answers, limits.prompt_bytes - byteLength(head), true)
}

export interface Count {
  readonly answer: string
  readonly count: number
  readonly workers: readonly string[]
}

interface Vote {
  readonly text: string
  /** The answer does not have the field, so all of it is counted. */
  readonly whole: boolean
}

/** The text to count: the trimmed answer, or one field of a JSON answer. An answer without that field counts as a whole. */
function voteOf(text: string, field: string | null): Vote {
  const trimmed = text.trim()
  if (field === null) return { text: trimmed, whole: false }
  try {
    const value: unknown = JSON.parse(trimmed)
    const found: unknown =
      typeof value === 'object' && value !== null && Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined
    if (found !== undefined) return { text: typeof found === 'string' ? found.trim() : JSON.stringify(found), whole: false }
  } catch {
    // Not JSON.
  }
  return { text: trimmed, whole: true }
}

/** Equal answers together, the most frequent first; on a tie, the one that was given first. */
export function countVotes(answers: readonly Answer[], field: string | null): readonly Count[] {
  const counts = new Map<string, string[]>()
  for (const answer of answers) {
    const { text } = voteOf(answer.text, field)
    const workers = counts.get(text) ?? []
    workers.push(answer.worker)
    counts.set(text, workers)
  }
  return [...counts]
    .map(([answer, workers]) => ({ answer, count: workers.length, workers }))
    .toSorted((left, right) => right.count - left.count)
}

const names = (answers: readonly Answer[]): string => answers.map(({ worker }) => worker).join(', ')

/**
 * A note for readers of the counts: which answers lack the counted field, or were compared only by their beginning. Undefined when there is nothing
 * to say.
 */
export function voteNote(answers: readonly Answer[], field: string | null): string | undefined {
  const without = field === null ? [] : answers.filter(({ text }) => voteOf(text, field).whole)
  const asked = `the field ${JSON.stringify(field)}`
  const said: string[] = []
  if (without.length > 0 && without.length === answers.length) said.push(`No answer is JSON with ${asked}: whole answers were counted.`)
  else if (without.length > 0)
    said.push(
      `${without.length} of ${answers.length} answers ${without.length === 1 ? 'is' : 'are'} not JSON with ${asked} (${names(without)}) and counted as a whole.`,
    )
  const long = answers.filter(({ stored }) => stored !== null)
  if (long.length > 0) said.push(`Of long answers (${names(long)}) the first ${limits.result_inline_bytes / 1024} KiB were compared.`)
  return said.length === 0 ? undefined : said.join(' ')
}
