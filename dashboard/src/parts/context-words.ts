/** Responsible for a context policy in words: what a worker receives in addition to the prompt. */
import { plural } from './time.tsx'

const policies: Readonly<Record<string, string>> = {
  none: 'no earlier turn',
  inline: 'a text that came with it',
  thread: 'the earlier turns of its thread',
  job: 'the answer of one job',
}

export function contextWords(policy: string): string {
  const last = /^last:(\d+)$/.exec(policy)?.[1]
  return last === undefined ? (policies[policy] ?? policy) : `the last ${plural(Number(last), 'turn')} of its thread`
}
