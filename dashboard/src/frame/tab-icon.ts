/** Responsible for the icon of the tab: a dot shows that something waits, which is visible even when there is no room for tab titles. */
import iconUrl from '../icon.svg'
import waitingUrl from '../icon-waiting.svg'

export function markIcon(waiting: number): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  const url = waiting > 0 ? waitingUrl : iconUrl
  // Set only when it changes, because the browser fetches it again each time.
  if (link !== null && link.getAttribute('href') !== url) link.href = url
}
