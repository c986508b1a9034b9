/** Responsible for `npm run screenshots`: the pictures of the dashboard in README and docs, from a real server with workers that answer. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromiumPath, openDashboard } from '../../test/support/dashboard.ts'
import { livedIn } from '../../test/support/lived-in.ts'

const folder = fileURLToPath(new URL('../../docs/images/dashboard', import.meta.url))
const usage = `npm run screenshots -- [--folder FOLDER]

Takes the pictures of the dashboard anew, light and dark, into docs/images/dashboard. Needs Chromium.`

const pictures = [
  { name: 'home', path: '/', title: 'Home' },
  { name: 'chat', path: '/chat?thread=t-release', title: 'Chat' },
  { name: 'jobs', path: '/jobs', title: 'Jobs' },
  { name: 'review', path: '/reviews/1', title: 'Reviews' },
  { name: 'workers', path: '/workers', title: 'Workers' },
  { name: 'killswitch', path: '/killswitch?level=3', title: 'Killswitch' },
  { name: 'audit', path: '/audit', title: 'Audit' },
] as const

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { folder: { type: 'string', default: folder }, help: { type: 'boolean', default: false } } })
  if (values.help) {
    console.log(usage)
    return 0
  }
  if (chromiumPath === undefined) {
    console.error('There is no Chromium: install it, or name it in MODELREINS_CHROMIUM.')
    return 69
  }
  mkdirSync(values.folder, { recursive: true })
  const dashboard = await openDashboard()
  try {
    const tenant = await livedIn(dashboard)
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const { page, context } = await dashboard.open('/', { colorScheme, viewport: { width, height: width === 390 ? 844 : 800 } })
        for (const { name, path, title } of pictures) {
          await page.goto(dashboard.url + path)
          await page.getByRole('heading', { level: 1, name: title }).waitFor()
          await page.waitForLoadState('networkidle')
          const file = `${name}-${colorScheme}${width === 390 ? '-phone' : ''}.png`
          await page.screenshot({ path: join(values.folder, file) })
          console.log(file)
        }
        await context.close()
      }
    }
    await tenant.stop()
  } finally {
    await dashboard.close()
  }
  return 0
}

void main().then((code) => {
  process.exitCode = code
})
