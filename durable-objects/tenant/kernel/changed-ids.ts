/** Responsible for telling each reader which ids have changed since that reader last looked. */
export class ChangedIds {
  readonly #readers: Set<string>[] = []

  add(id: string): void {
    for (const unread of this.#readers) unread.add(id)
  }

  /** Returns a new, empty set for one reader. Every change adds to it; the reader clears it. */
  reader(): Set<string> {
    const unread = new Set<string>()
    this.#readers.push(unread)
    return unread
  }
}
