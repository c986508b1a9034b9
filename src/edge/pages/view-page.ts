/**
 * Responsible for the page of a one-time view. Opening it burns nothing (link previews open pages); only the button asks the server,
 * and the token is decrypted here, with the key that the address carries behind `#` and that no server ever sees.
 */
import { contentPolicy, htmlPage, pageFile } from './page.ts'

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>One-time view - ModelReins</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/page.css">
<script src="/assets/view.js" defer></script>
</head>
<body>
<main>
<h1>A token is waiting for you</h1>
<section id="before">
<p>This page shows a ModelReins token <strong>once</strong>. Reveal it when you are ready to put it where it belongs, for example into
<code>MODELREINS_TOKEN</code> on the machine that runs the worker. It is erased from the server the moment you reveal it.</p>
<p class="soft">Opening this page has used up nothing. The server holds the token only as ciphertext; the key is in the address of this
page, behind the #, and stays in your browser. Instead of revealing it here you may hand the whole address to
<code>modelreins-worker --setup</code>.</p>
<noscript><p class="bad">The token is decrypted in your browser, which needs JavaScript to be switched on for this page.</p></noscript>
<button id="reveal" type="button" disabled>Reveal the token</button>
</section>
<section id="after" hidden>
<p id="whose"></p>
<label for="token" class="soft">Token</label>
<textarea id="token" readonly rows="4" spellcheck="false" autocomplete="off"></textarea>
<button id="copy" type="button">Copy</button>
<p class="soft">It is erased from the server now. When you close this page it is gone; whoever needs it again rotates it.</p>
</section>
<p id="message" role="status" aria-live="polite"></p>
</main>
</body>
</html>
`

/** Runs in a browser, on its own: nothing of this program is there. */
const script = `'use strict'
;(() => {
  const by = (id) => document.getElementById(id)
  const reveal = by('reveal')
  const say = (text, kind) => {
    by('message').textContent = text
    by('message').className = kind
  }
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0))
  const keyText = location.hash.slice(1)
  const askForAnother = 'Ask whoever sent it for a new one.'

  if (!/^[A-Za-z0-9_-]{43}$/.test(keyText)) {
    say(
      keyText === ''
        ? 'This address is not complete: the part behind the # is missing, and with it the key. Open the whole address as it was sent to you. Nothing has been used up.'
        : 'The key in this address is damaged (the part behind the #). Open the whole address as it was sent to you. Nothing has been used up.',
      'bad',
    )
    return
  }
  reveal.disabled = false

  const open = async (sealed) => {
    const key = await crypto.subtle.importKey('raw', bytes(keyText), 'AES-GCM', false, ['decrypt'])
    const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(sealed.iv) }, key, bytes(sealed.ciphertext))
    return JSON.parse(new TextDecoder().decode(plain))
  }

  const show = (content) => {
    const who = content.name === null ? 'a ' + content.kind + ' (this token replaces an earlier one)' : content.kind + ' ' + content.name
    by('whose').textContent = 'For ' + who + ' of tenant ' + content.tenant + '.'
    by('token').value = content.token
    by('before').hidden = true
    by('after').hidden = false
    say('', '')
    // The key is of no more use: it need not stay in the history.
    history.replaceState(null, '', location.pathname)
  }

  const refused = async (answer) => {
    const problem = await answer.json().catch(() => ({}))
    if (answer.status === 410) {
      say((problem.detail || 'It is gone.') + ' If that was not you, somebody else has the token: have it revoked at once. ' + askForAnother, 'bad')
    } else if (answer.status === 404) {
      say('There is no such view. Check that the address is whole. ' + askForAnother, 'bad')
    } else {
      say((problem.detail || 'The server answered ' + answer.status + '.') + ' Try again in a moment.', 'bad')
      reveal.disabled = false
    }
  }

  const run = async () => {
    reveal.disabled = true
    say('Revealing ...', 'soft')
    if (!window.isSecureContext || !crypto.subtle) {
      say('This browser decrypts only on https (or localhost). Nothing has been used up: open the same address there, or hand it to modelreins-worker --setup.', 'bad')
      return
    }
    let answer
    try {
      const id = location.pathname.split('/').pop()
      const headers = { 'content-type': 'application/json' }
      answer = await fetch('/api/v1/views/' + encodeURIComponent(id) + '/reveal', { method: 'POST', headers, body: '{}' })
    } catch {
      say('The server could not be reached. Try again.', 'bad')
      reveal.disabled = false
      return
    }
    if (!answer.ok) return refused(answer)
    try {
      show(await open(await answer.json()))
    } catch {
      say('The key in this address does not fit, and the token has been erased. ' + askForAnother, 'bad')
    }
  }

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(by('token').value)
      by('copy').textContent = 'Copied'
    } catch {
      by('token').select()
      say('Copy it with your keyboard: it is selected.', 'soft')
    }
  }

  reveal.addEventListener('click', run)
  by('copy').addEventListener('click', copy)
})()
`

export const viewPage = (): Response =>
  htmlPage(html, {
    'content-security-policy': contentPolicy({ 'require-trusted-types-for': "'script'" }),
    'x-robots-tag': 'noindex, nofollow, noarchive',
  })

export const viewScript = (): Response => pageFile('text/javascript', script)
