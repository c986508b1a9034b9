/** Responsible for how often lists are read again: rarely while the event feed reports changes, every few seconds without it. */

let feeding = false

export const setFeeding = (value: boolean): void => {
  feeding = value
}

/** Milliseconds, for a visible tab; a hidden tab does not read again. Even with a feed, a slow interval remains in case an event is lost. */
export const readEvery = (): number => (feeding ? 60_000 : 4_000)
