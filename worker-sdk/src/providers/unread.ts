/** Responsible for counting provider output that could not be interpreted, so that it is reported. */

export interface Unread {
  /** Records output of an unknown kind; `text` is the output. */
  add(kind: string, text: string): void
  /** One line for viewers; undefined when everything was understood. */
  note(who: string): string | undefined
  /** The first output that was not understood, shortened; undefined when everything was understood. */
  first(): string | undefined
}

const shown = 200
const kindsShown = 5

export const createUnread = (): Unread => {
  const kinds = new Map<string, number>()
  let first: string | undefined
  return {
    add(kind, text) {
      first ??= text.trim().slice(0, shown)
      const name = kind.slice(0, 60)
      if (kinds.has(name) || kinds.size < 100) kinds.set(name, (kinds.get(name) ?? 0) + 1)
    },
    note(who) {
      if (kinds.size === 0) return undefined
      const count = [...kinds.values()].reduce((sum, one) => sum + one, 0)
      const names = [...kinds.keys()].slice(0, kindsShown).join(', ')
      return `[${who}: ${count} ${count === 1 ? 'part' : 'parts'} of the answer of unknown kind left out: ${names}${kinds.size > kindsShown ? ', ...' : ''}]\n`
    },
    first: () => first,
  }
}
