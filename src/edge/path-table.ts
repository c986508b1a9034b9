/**
 * Responsible for which entry a path leads to: a fixed path is found at once, one with parameters among those of as many parts. It knows nothing of
 * methods and handlers.
 */

export interface Found<Entry> {
  readonly entry: Entry
  /** By name, decoded. */
  readonly parameters: Readonly<Record<string, string>>
}

interface Pattern<Entry> {
  readonly entry: Entry
  readonly parts: readonly { readonly text: string; readonly isName: boolean }[]
}

const none: Readonly<Record<string, string>> = {}

/** What is not a valid escape stays as it is. */
function decoded(part: string): string {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The path of a whole address, as it was spelled. */
export function pathOf(address: string): string {
  const from = address.indexOf('/', address.indexOf('//') + 2)
  if (from === -1) return '/'
  const end = address.slice(from).search(/[?#]/)
  return end === -1 ? address.slice(from) : address.slice(from, from + end)
}

export class PathTable<Entry> {
  readonly #fixed = new Map<string, Entry>()
  readonly #patterns = new Map<number, Pattern<Entry>[]>()

  /** A part that begins with `:` is a parameter. Of two paths that fit, a fixed one is taken, else the one that was added first. */
  add(path: string, entry: Entry): void {
    if (!path.includes('/:')) {
      this.#fixed.set(path, entry)
      return
    }
    const parts = path.split('/').map((part) => ({ text: part.replace(/^:/, ''), isName: part.startsWith(':') }))
    const alike = this.#patterns.get(parts.length) ?? []
    alike.push({ entry, parts })
    this.#patterns.set(parts.length, alike)
  }

  /** A slash at the end says nothing. */
  find(path: string): Found<Entry> | undefined {
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    const fixed = this.#fixed.get(bare)
    if (fixed !== undefined) return { entry: fixed, parameters: none }
    const parts = bare.split('/').map(decoded)
    const spelled = parts.join('/')
    const again = spelled === bare ? undefined : this.#fixed.get(spelled)
    if (again !== undefined && parts.length === spelled.split('/').length) return { entry: again, parameters: none }
    for (const pattern of this.#patterns.get(parts.length) ?? []) {
      if (pattern.parts.every(({ text, isName }, at) => (isName ? parts[at] !== '' : parts[at] === text))) {
        const named = pattern.parts.flatMap(({ text, isName }, at) => (isName ? [[text, parts[at] ?? ''] as const] : []))
        return { entry: pattern.entry, parameters: Object.fromEntries(named) }
      }
    }
    return undefined
  }
}
