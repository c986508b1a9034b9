/** Responsible for the words that say how many slots of a worker are in use. */

/**
 * For example `1 of 1 slots in use, 16 more started`. A worker may run more jobs than it has slots: for a moment when it starts short jobs before
 * there is a slot for them, or until jobs end after its number of slots was lowered.
 */
export const slotsInUse = (running: number, slots: number): string =>
  `${Math.min(running, slots)} of ${slots} slots in use${running > slots ? `, ${running - slots} more started` : ''}`
