/** Responsible for text that is cut off because it has no room: the pointer on it shows the whole, as the browser shows a title. */

/** Those that were given a title here: every other title says something of its own. */
const ours = new WeakSet<HTMLElement>()

function uncut({ target }: Event): void {
  const text = target instanceof HTMLElement ? target.closest<HTMLElement>('.truncate, .line-clamp-1, .line-clamp-2') : null
  if (text === null || (text.title !== '' && !ours.has(text))) return
  ours.add(text)
  // Measured each time: room and text change.
  text.title = text.scrollWidth > text.clientWidth || text.scrollHeight > text.clientHeight ? text.innerText : ''
}

export function showWholeTexts(): void {
  addEventListener('pointerover', uncut, { passive: true })
}
