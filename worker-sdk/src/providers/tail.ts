/** Responsible for keeping the last part of a text that arrives in pieces, within a bound; it knows no process. */

export interface Tail {
  push(text: string): void
  /** What is kept, oldest first. */
  text(): string
  /** Characters that were dropped to stay within the bound. */
  dropped(): number
}

/** `bound` is in characters (UTF-16 units): a memory limit, not a wire limit. */
export const createTail = (bound: number): Tail => {
  const pieces: string[] = []
  let length = 0
  let dropped = 0
  return {
    push(text) {
      if (text === '') return
      pieces.push(text)
      length += text.length
      while (length > bound) {
        const oldest = pieces.shift()
        if (oldest === undefined) return
        const excess = length - bound
        if (excess >= oldest.length) {
          length -= oldest.length
          dropped += oldest.length
        } else {
          pieces.unshift(oldest.slice(excess))
          length -= excess
          dropped += excess
        }
      }
    },
    text: () => pieces.join(''),
    dropped: () => dropped,
  }
}
