/** Responsible for the texts to paste into terminals, agents' instructions and editors, with this server's address and without a key. */

export const snippets = (server: string) =>
  [
    {
      title: 'Command line',
      about: 'Asks for a key, or for the one-time link that holds it, and keeps it in a file that only you can read.',
      text: `npx modelreins-worker config set server ${server}
npx modelreins-worker config set token
npx modelreins-worker status
npx modelreins-worker dispatch "Report on README.md"`,
    },
    {
      title: 'Claude Code, and other agents that run commands',
      about: 'For CLAUDE.md, AGENTS.md or what your agent reads as instructions, once the command line is set up on its machine.',
      text: `## Other workers
To give work to another worker, run
    npx modelreins-worker dispatch "PROMPT" --quiet
    npx modelreins-worker dispatch "PROMPT" --target NAME
The first prints the answer alone. npx modelreins-worker workers lists the names; several are asked with
    npx modelreins-worker dispatch "PROMPT" --to A --to B --merge vote
A job that waits for a review waits for a human: say so, and do not dispatch it again.`,
    },
    {
      title: 'An editor task',
      about: 'For .vscode/tasks.json: sends the selected text as a prompt and shows the answer in the terminal.',
      text: `{
  "version": "2.0.0",
  "tasks": [
    {
      "label": "ModelReins: dispatch the selection",
      "type": "process",
      "command": "npx",
      "args": ["modelreins-worker", "dispatch", "\${selectedText}"],
      "problemMatcher": []
    }
  ]
}`,
    },
    {
      title: 'HTTP',
      about: 'The header is read from a file, so that no key stands in the history of a shell. Its one line is: Authorization: Bearer KEY',
      text: `curl -sS ${server}/api/v1/dispatch -H @modelreins-authorization \\
  -H 'Content-Type: application/json' -d '{"prompt": "Report on README.md"}'`,
    },
    {
      title: 'TypeScript',
      about: 'npm install modelreins-worker; every operation is a method.',
      text: `import { Client } from 'modelreins-worker'

const client = new Client({ url: '${server}', token: process.env.MODELREINS_TOKEN })
const job = await client.jobs.dispatch({ prompt: 'Report on README.md' })`,
    },
  ] as const
