/** Responsible for how often lists are read again: not at all while the event feed tells what changes, every few seconds without it. */

let feeding = false
let paused = false

export const setFeeding = (value: boolean): void => {
  feeding = value
}
export const setPaused = (value: boolean): void => {
  paused = value
}

/** Milliseconds, or false: do not. With a feed, one slow reading remains against what a feed may lose. */
export const readEvery = (): number | false => (paused ? false : feeding ? 60_000 : 4_000)
