/**
 * Responsible for revealing a one-time view in the browser; the script is standalone and imports only types. The key is the fragment of the
 * address; it is used here and never sent.
 */
import type { Problem, SealedView, ViewPlaintext } from '@modelreins/contract'

const by = <Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`)
  return found
}

const page = {
  heading: by('heading', HTMLElement),
  before: by('before', HTMLElement),
  after: by('after', HTMLElement),
  whose: by('whose', HTMLElement),
  message: by('message', HTMLElement),
  reveal: by('reveal', HTMLButtonElement),
  copy: by('copy', HTMLButtonElement),
  token: by('token', HTMLTextAreaElement),
}

const say = (text: string, look: 'bad' | 'soft' | ''): void => {
  page.message.textContent = text
  page.message.className = look
}

const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))

const keyText = location.hash.slice(1)
const askForAnother = 'Ask the sender for a new one.'

async function open(sealed: SealedView): Promise<ViewPlaintext> {
  const key = await crypto.subtle.importKey('raw', bytes(keyText), 'AES-GCM', false, ['decrypt'])
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(sealed.iv) }, key, bytes(sealed.ciphertext))
  return JSON.parse(new TextDecoder().decode(plain))
}

function show(content: ViewPlaintext): void {
  const who = content.name === null ? `a ${content.kind} whose earlier token this one replaces` : `${content.kind} ${content.name}`
  page.heading.textContent = 'Here is the token'
  page.whose.textContent = `For ${who}, tenant ${content.tenant}.`
  page.token.value = content.token
  page.before.hidden = true
  page.after.hidden = false
  say('', '')
  // Remove the key from the history: it has no further use.
  history.replaceState(null, '', location.pathname)
}

async function refused(answer: Response): Promise<void> {
  const problem: Partial<Problem> = await answer.json().catch(() => ({}))
  if (answer.status === 410) {
    const gone = problem.detail ?? 'It is gone.'
    say(`${gone} If that was not you, another person has the token: have it revoked at once. ${askForAnother}`, 'bad')
  } else if (answer.status === 404) {
    say(`There is no such view. Check that the address is whole. ${askForAnother}`, 'bad')
  } else if (answer.status === 403) {
    say(
      `The key in this address does not fit this view. Nothing has been used up: check that the address is whole. ${askForAnother}`,
      'bad',
    )
  } else {
    say(`${problem.detail ?? `The server answered ${answer.status}.`} Try again in a moment.`, 'bad')
    page.reveal.disabled = false
  }
}

const base64url = (digest: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Proves that the page has the key without revealing it. The text is that of `viewProofText` in the contract. */
const proof = async (): Promise<string> =>
  base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`modelreins view proof ${keyText}`)))

async function ask(): Promise<Response | undefined> {
  const id = location.pathname.split('/').at(-1) ?? ''
  try {
    return await fetch(`/api/v1/views/${encodeURIComponent(id)}/reveal`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ proof: await proof() }),
    })
  } catch {
    return undefined
  }
}

async function reveal(): Promise<void> {
  page.reveal.disabled = true
  if (!isSecureContext) {
    const elsewhere = 'open the same address there, or hand it to modelreins-worker --setup.'
    say(`Browsers decrypt only on https or localhost. Nothing has been used up: ${elsewhere}`, 'bad')
    return
  }
  say('Revealing ...', 'soft')
  const answer = await ask()
  if (answer === undefined) {
    say('The server could not be reached. Try again.', 'bad')
    page.reveal.disabled = false
    return
  }
  if (!answer.ok) return refused(answer)
  try {
    show(await open(await answer.json()))
  } catch {
    say(`The key in this address does not fit, and the token has been erased. ${askForAnother}`, 'bad')
  }
}

async function copy(): Promise<void> {
  try {
    await navigator.clipboard.writeText(page.token.value)
    page.copy.textContent = 'Copied'
  } catch {
    page.token.select()
    say('Copy it with your keyboard: it is selected.', 'soft')
  }
}

const nothingUsed = 'Open the whole address as it was sent to you. Nothing has been used up.'
if (/^[A-Za-z0-9_-]{43}$/.test(keyText)) {
  page.reveal.disabled = false
  page.reveal.addEventListener('click', () => void reveal())
  page.copy.addEventListener('click', () => void copy())
} else if (keyText === '') {
  say(`This address is not complete: the part behind the # is missing, and with it the key. ${nothingUsed}`, 'bad')
} else {
  say(`The key in this address, the part behind the #, is damaged. ${nothingUsed}`, 'bad')
}
