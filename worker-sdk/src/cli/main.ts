#!/usr/bin/env node
/** Responsible for the process of the command line: environment, title, exit. Everything else is in run-cli.ts. */
import { homedir } from 'node:os'
import { openPrompter } from './prompter.ts'
import { programName } from './arguments/command.ts'
import { reportFailure } from './output/failure.ts'
import { runCli } from './run-cli.ts'
import { nodeSystem } from './system.ts'
import { takeEnvironment } from './setup/start-environment.ts'

// Must come first: a program that this process starts must not find a token in the environment of this process.
const started = takeEnvironment()

/** The process ends after this time, even if something in it ignores every signal. */
const lingerMs = 3_000

// From here on `ps` shows the title instead of the arguments, so that a token among them is visible only briefly.
if (process.argv.some((word) => /^--(?:token|redact)\b/.test(word))) process.title = programName

// Node 18 prints a warning about its experimental fetch to standard error in every call of this program.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`)
})

/** Exit code when the answer of a command could not be written, even if the command succeeded. */
const unwritten = 74

// `modelreins-worker jobs | head`: the reader has closed the pipe. A closed terminal answers EIO.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') {
      // Most likely the disk is full. The message goes to the other stream, which may still work.
      if (stream === process.stdout) process.stderr.write(`${programName}: standard output cannot be written: ${error.message}\n`)
      process.exit(unwritten)
    }
    // A running worker must end its children first. A closed output is treated like a closed terminal.
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
