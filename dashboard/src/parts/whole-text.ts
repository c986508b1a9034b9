/** Responsible for truncated text: hovering over it shows the whole text as the browser's tooltip. */

/** Elements whose title was set here; other titles must not be overwritten. */
const ours = new WeakSet<HTMLElement>()

function uncut({ target }: Event): void {
  const text = target instanceof HTMLElement ? target.closest<HTMLElement>('.truncate, .line-clamp-1, .line-clamp-2') : null
  if (text === null || (text.title !== '' && !ours.has(text))) return
  ours.add(text)
  // Measured every time, because the width and the text change.
  text.title = text.scrollWidth > text.clientWidth || text.scrollHeight > text.clientHeight ? text.innerText : ''
}

export function showWholeTexts(): void {
  addEventListener('pointerover', uncut, { passive: true })
}
