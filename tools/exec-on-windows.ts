/**
 * Responsible for the word `exec` of package.json's scripts where the shell does not know it: it hands npm's signals to our process instead of
 * to a shell in between. It does nothing where the shell knows it.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const binaries = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))
if (process.platform === 'win32' && existsSync(binaries)) writeFileSync(join(binaries, 'exec.cmd'), '@%*\r\n')
