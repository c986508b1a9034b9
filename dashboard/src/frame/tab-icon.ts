/** Responsible for the icon of the tab: it has a dot while something waits, which is seen where tabs are too many for their titles. */
import iconUrl from '../icon.svg'
import waitingUrl from '../icon-waiting.svg'

export function markIcon(waiting: number): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  const url = waiting > 0 ? waitingUrl : iconUrl
  // Set only when it changes: the browser fetches it anew.
  if (link !== null && link.getAttribute('href') !== url) link.href = url
}
