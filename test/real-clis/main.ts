/**
 * Responsible for `npm run test:real-clis`: installs the real command lines of the agents into a temporary folder, checks that every flag
 * we pass is in their help, that our check finds them, and that one job runs through them against a local server. It needs a registry of npm
 * and PyPI and no account anywhere; a command line that cannot be installed is reported and skipped.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProvider } from '../../worker-sdk/src/providers/index.ts'
import { recordRun } from '../support/standins/provider-run.ts'
import { type WireHandler, startWireServer } from '../support/wire/wire-server.ts'
import { type RealCli, answer, realClis, shellCall, unknownFlags } from './clis.ts'

const minute = 60_000

interface Ran {
  readonly code: number
  readonly text: string
}

const run = (
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(file, [...args], { timeout: 10 * minute, maxBuffer: 64 * 1024 * 1024, ...options }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, text: stdout + stderr }),
    )
  })

/** The folder that has the programs, or why there is none. */
const install = async (cli: RealCli, folder: string): Promise<{ readonly bin: string } | { readonly missing: string }> => {
  const lastLine = ({ text }: Ran): string => text.trim().split('\n').at(-1) ?? ''
  if (cli.from === 'npm') {
    const installed = await run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', cli.package])
    return installed.code === 0 ? { bin: join(folder, 'node_modules', '.bin') } : { missing: lastLine(installed) }
  }
  const created = await run('python3', ['-m', 'venv', folder])
  if (created.code !== 0) return { missing: lastLine(created) }
  const installed = await run(join(folder, 'bin', 'pip'), ['install', '--quiet', cli.package])
  return installed.code === 0 ? { bin: join(folder, 'bin') } : { missing: lastLine(installed) }
}

type Verdict = 'approve' | 'edit' | 'deny'

/** Whether a tool runs as the reviewer decides, and only so. */
const examineReviews = async (cli: RealCli, handler: WireHandler, base: NodeJS.ProcessEnv, workDir: string): Promise<readonly string[]> => {
  const findings: string[] = []
  for (const verdict of ['approve', 'edit', 'deny'] satisfies readonly Verdict[]) {
    const server = await startWireServer(handler)
    const made = (name: string): string => join(workDir, `${verdict}-${name}`)
    const command = (name: string): object => ({ ...shellCall, input: { ...shellCall.input, command: `touch ${made(name)}` } })
    const asked: unknown[] = []
    const authorize = async (_: string, action: unknown): Promise<{ readonly action: unknown }> => {
      asked.push(action)
      if (verdict === 'deny') throw new Error('tool was refused: not today')
      return { action: verdict === 'edit' ? command('edited') : command('approved') }
    }
    const against = cli.against(server.url)
    const settings = { ...against, env: { ...base, ...against.env }, workDir }
    try {
      const reviews = { capabilities: [{ name: 'tool', risk_tier: 'approve' as const }], authorize }
      const outcome = await createProvider(cli.provider).run(recordRun(settings, { reviews }))
      if (outcome.exitCode !== 0) findings.push(`${verdict}: ${outcome.error?.message ?? outcome.stderr}`)
      if (!isDeepStrictEqual(asked, [shellCall])) findings.push(`${verdict}: asked ${JSON.stringify(asked)}`)
      const wanted = { approve: 'approved', edit: 'edited', deny: undefined }[verdict]
      if (wanted !== undefined && !existsSync(made(wanted))) findings.push(`${verdict}: what was decided did not run`)
      const told = server.requests.some(({ body }) => body.includes('not today'))
      if (told !== (verdict === 'deny')) findings.push(`${verdict}: the words of a refusal ${told ? 'came' : 'did not come'}`)
    } finally {
      await server.close()
    }
  }
  if (existsSync(join(workDir, 'asked.txt'))) findings.push('what was asked ran, not what was decided')
  console.log(`  reviews: ${findings.length === 0 ? 'approved, edited and denied as decided' : 'wrong'}`)
  return findings
}

/** Findings; none is good. */
const examine = async (cli: RealCli, folder: string, bin: string): Promise<readonly string[]> => {
  const home = join(folder, 'home')
  const workDir = join(folder, 'work')
  mkdirSync(home)
  mkdirSync(workDir)
  const base = { PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`, HOME: home }
  const findings: string[] = []

  const help = await run(join(bin, cli.provider), cli.help, { cwd: workDir, env: base })
  for (const flag of unknownFlags(cli.args, help.text)) findings.push(`${flag} is not in "${cli.provider} ${cli.help.join(' ')}"`)

  const server = await startWireServer(cli.handler)
  try {
    const against = cli.against(server.url)
    const job = recordRun({ ...against, env: { ...base, ...against.env }, workDir })
    const provider = createProvider(cli.provider)
    const found = await provider.check(job.settings)
    console.log(`  check: ${found.detail}`)
    if (!found.usable) findings.push(`check says: ${found.detail}`)
    const late = setTimeout(() => job.stop(new Error('timeout of the examination')), 3 * minute)
    const outcome = await provider.run(job)
    clearTimeout(late)
    const usage = JSON.stringify(job.usages[0] ?? null)
    console.log(`  one job: exit ${outcome.exitCode}, ${JSON.stringify(outcome.result)}, usage ${usage}`)
    if (outcome.exitCode !== 0 || outcome.result !== answer)
      findings.push(`one job: ${outcome.error?.message ?? outcome.stderr ?? outcome.result}`)
    if (job.usages.length === 0) findings.push('one job: no usage was told')
  } finally {
    await server.close()
  }
  if (cli.toolHandler !== undefined) findings.push(...(await examineReviews(cli, cli.toolHandler, base, workDir)))
  return findings
}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(`npm run test:real-clis [-- NAME ...]\n\nInstalls and examines: ${realClis.map((cli) => cli.package).join(', ')}.`)
    return 0
  }
  const root = mkdtempSync(join(tmpdir(), 'real-clis-'))
  let examined = 0
  let failed = 0
  try {
    for (const cli of realClis.filter(({ provider }) => words.length === 0 || words.includes(provider))) {
      const folder = join(root, cli.provider)
      mkdirSync(folder)
      console.log(`${cli.provider} (${cli.package} from ${cli.from})`)
      const installed = await install(cli, folder)
      if ('missing' in installed) {
        console.log(`  skipped, cannot be installed here: ${installed.missing}`)
        continue
      }
      examined += 1
      const findings = await examine(cli, folder, installed.bin)
      for (const finding of findings) console.log(`  WRONG: ${finding}`)
      if (findings.length > 0) failed += 1
      else console.log('  every flag is known')
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
  console.log(`${examined} examined, ${failed} wrong`)
  return examined === 0 || failed > 0 ? 1 : 0
}

// The launcher requires this module, so nothing may be awaited at its top.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
