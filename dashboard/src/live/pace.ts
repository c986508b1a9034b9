/** Responsible for how often lists are read again: rarely while the event feed tells what changes, every few seconds without it. */

let feeding = false

export const setFeeding = (value: boolean): void => {
  feeding = value
}

/** Milliseconds, while the tab is seen; a hidden tab reads nothing again. With a feed, one slow reading remains against what it may lose. */
export const readEvery = (): number => (feeding ? 60_000 : 4_000)
