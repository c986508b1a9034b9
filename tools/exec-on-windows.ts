/**
 * Responsible for the word `exec` in package.json's scripts on systems whose shell does not have it. `exec` makes npm's signals reach our process
 * instead of a shell in between. This program does nothing where the shell has it.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binaries = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))
if (process.platform === 'win32' && existsSync(binaries)) writeFileSync(join(binaries, 'exec.cmd'), '@%*\r\n')
