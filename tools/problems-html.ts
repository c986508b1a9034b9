/** Responsible for the page that `type` of a problem document links to: every code, what it means, what to do. */
import { problemCodes, problems } from '@modelreins/contract'

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
/** The table writes code in backticks. */
const prose = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')

const rows = (): string =>
  problemCodes
    .map((code) => {
      const row = problems[code]
      const again = row.retryable ? 'may succeed later' : 'will not succeed unchanged'
      const meaning = `${prose(row.title)}. ${prose(row.help)} <span class="soft">Repeating it ${again}.</span>`
      return `<tr id="${code}"><td><code>${code}</code></td><td>${row.status}</td><td>${meaning}</td></tr>`
    })
    .join('\n')

export const problemsHtml = (): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems - ModelReins</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/page.css">
</head>
<body>
<main class="wide">
<h1>Problems</h1>
<p>Every error is <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is one of these, and <code>instance</code> is the id
under which the request is found in the log. The whole interface: <a href="/docs">docs</a>.</p>
<table class="stack"><thead><tr><th>code</th><th>status</th><th>what it means, what to do</th></tr></thead><tbody>
${rows()}
</tbody></table>
</main>
</body>
</html>
`
