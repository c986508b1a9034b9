#!/usr/bin/env node
/** Responsible for the process of the command line: environment, title, exit. Everything else is in run-cli.ts. */
import { homedir } from 'node:os'
import { openPrompter } from './prompter.ts'
import { programName } from './arguments/command.ts'
import { reportFailure } from './output/failure.ts'
import { runCli } from './run-cli.ts'
import { nodeSystem } from './system.ts'
import { takeEnvironment } from './setup/start-environment.ts'

// Before anything else: a program that this process starts must not find a token in what it was started with.
const started = takeEnvironment()

/** Something that ignores every signal must not keep the process: after this much patience it ends anyway. */
const lingerMs = 3_000

// `ps` shows the title instead of the arguments from here on: a token among them is not there to be read for long.
if (process.argv.some((word) => /^--(?:token|redact)\b/.test(word))) process.title = programName

// Node 18 calls its fetch experimental, on standard error, in every call of this program.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`)
})

/** A command whose answer could not be written has not answered, whatever it did. */
const unwritten = 74

// `modelreins-worker jobs | head`: the reader has what it wanted. A terminal that is gone answers EIO.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') {
      // A full disk, most likely: what else is wrong goes to the other stream, which may still take it.
      if (stream === process.stdout) process.stderr.write(`${programName}: standard output cannot be written: ${error.message}\n`)
      process.exit(unwritten)
    }
    // A worker at work has children to end first: nobody reads any more, so this is what closing the terminal is.
    if (process.listenerCount('SIGHUP') === 0) process.exit()
    process.emit('SIGHUP', 'SIGHUP')
  })
}

const system = nodeSystem(homedir(), openPrompter, started)
runCli(system)
  .catch((error: unknown) => reportFailure(error, system, { json: false }))
  .then((code) => {
    process.exitCode = code
    setTimeout(() => process.exit(), lingerMs).unref()
  })
  .catch(() => process.exit(70))
