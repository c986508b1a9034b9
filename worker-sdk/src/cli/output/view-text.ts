/** Responsible for printing a one-time view URL: only the URL in a pipe, with instructions on a terminal. */
import { programName } from '../arguments/command.ts'
import type { Presenter } from './presenter.ts'

export interface OneTimeView {
  readonly view_url: string
  readonly expires_at: string
}

/** `key`: the setting to store it under, on the machine that it is for. */
export function showView(show: Presenter, view: OneTimeView, headline: string, key: 'token' | 'admin_token'): void {
  if (show.json) return show.value(view)
  if (!show.human) return show.line(view.view_url)
  const lines = [
    `${show.style.green(headline)}. Its token is shown once, here:`,
    '',
    `  ${view.view_url}`,
    '',
    'Open it in a browser, or on the machine that is to use it:',
    '',
    `  ${programName} config set ${key} '${view.view_url}'`,
    '',
    show.style.dim(`It can be opened until ${view.expires_at}, once.`),
  ]
  for (const line of lines) show.line(line)
}
