import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { benchNames } from '../../bench/benches.ts'
import { runBench } from '../../bench/run-bench.ts'
import { startFloor } from '../../bench/servers.ts'
import { openSocket } from '../../bench/sockets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bench = (...words: string[]) =>
  spawnSync(process.execPath, ['tools/launch.cjs', 'bench/main.ts', ...words], { cwd: root, encoding: 'utf8', timeout: 60_000 })

test('the help and the list name every bench', () => {
  for (const word of ['--help', '--list']) {
    const { status, stdout } = bench(word)
    expect(status).toBe(0)
    for (const name of benchNames) expect(stdout).toContain(name)
  }
})

test('what is not understood is refused with the choices, before anything starts', () => {
  const named = bench('throughput', 'speed')
  expect(named.status).toBe(64)
  expect(named.stderr).toContain(`There is no bench called 'speed'. Benches: ${benchNames.join(', ')}.`)
  expect(bench('--minutes', 'soon').stderr).toContain("--minutes takes a number above 0, not 'soon'")
  expect(bench('--fast').status).toBe(64)
})

test('a bench in a process of its own leaves raw values, a report that judges nothing, and no folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-bench-test-'))
  try {
    const { status, stdout, stderr } = bench('bundle', '--quick', '--no-peers', '--out', folder)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toContain('the whole module')
    const kept = JSON.parse(readFileSync(join(folder, 'bundle.json'), 'utf8'))
    expect(kept).toMatchObject({ bench: 'bundle', scale: 'quick', machine: { node: process.version } })
    const report = readFileSync(join(folder, 'REPORT.md'), 'utf8')
    expect(report).toContain('A quick run')
    expect(report).toMatch(/\| the whole module \| \d+ KiB \| <= 100 \| {2}\| \[bundle\]\(#bundle\) \|/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a bench for which no time is left is reported, and the exit code says so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-bench-test-'))
  try {
    const { status, stderr } = bench('http-calls', '--quick', '--no-peers', '--minutes', '0.01', '--out', folder)
    expect(status).toBe(1)
    expect(stderr).toMatch(/failed: not begun: \d+ s were left/)
    expect(readFileSync(join(folder, 'REPORT.md'), 'utf8')).toContain('Failed: http-calls.')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a bench that takes too long is ended with everything that it started', async () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('modelreins-bench-'))
  const before = new Set(folders())
  const request = { name: 'http-calls', scale: 'full', limitMs: 2_500, peers: false, abort: new AbortController().signal } as const
  const running = runBench(request)
  const [own = ''] = folders().filter((name) => !before.has(name))
  expect(own).not.toBe('')
  expect(await running).toEqual({ error: 'took longer than 3 s and was ended' })
  expect(folders()).not.toContain(own)
  const left = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout
  expect(left).not.toContain(own)
})

test('the bare object that copies has each audit row and each ended job in D1 once it says so', async () => {
  const floor = await startFloor({ copies: true })
  const socket = await openSocket(floor.url)
  const ask = (text: string) =>
    new Promise((resolve) => {
      socket.once('message', (data) => resolve(JSON.parse(String(data))))
      socket.send(text)
    })
  try {
    const items = JSON.stringify(Array.from({ length: 3 }, (_, index) => ({ job_id: index, result: 'measured' })))
    expect(await ask(items)).toHaveLength(3)
    await ask(items)
    expect(await ask('flush')).toBe(12)
    const [registry = ''] = readdirSync(join(floor.folder, 'd1'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[0-9a-f]{64}\.sqlite$/.test(name),
    )
    const database = new DatabaseSync(join(floor.folder, 'd1', registry), { readOnly: true })
    const all = (sql: string) => database.prepare(sql).all()
    expect(all('SELECT id, updated_seq, status, result FROM jobs')).toMatchObject(
      [1, 2, 3, 4, 5, 6].map((id) => ({ id, updated_seq: 2 * id, status: 'done', result: 'measured' })),
    )
    expect(all("SELECT job_id FROM audit WHERE action = 'job.complete'")).toHaveLength(6)
    expect(all('SELECT after.seq FROM audit AS after JOIN audit AS before ON before.hash = after.prev_hash')).toHaveLength(11)
    database.close()
  } finally {
    socket.terminate()
    await floor.stop()
  }
})
