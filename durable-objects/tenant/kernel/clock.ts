/** Responsible for real time, randomness and timers: the only file of the tenant object that reads them. */
import type { ClockAndRandom } from './host.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Rejects bytes of 252 and more: 252 is the largest multiple of 36 below 256, so that each character is equally likely. */
function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      if (byte < 252 && text.length < length) text += letters[byte % 36] ?? ''
    }
  }
  return text
}

function setTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

export const clockAndRandom: ClockAndRandom = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  random: () => Math.random(),
  randomText,
  setTimer,
}
