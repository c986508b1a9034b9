/** Responsible for telling each of its readers which ids have changed since that reader looked last. */
export class ChangedIds {
  readonly #readers: Set<string>[] = []

  add(id: string): void {
    for (const unread of this.#readers) unread.add(id)
  }

  /** A set of its own, empty now, to which every change adds; its reader clears it. */
  reader(): Set<string> {
    const unread = new Set<string>()
    this.#readers.push(unread)
    return unread
  }
}
