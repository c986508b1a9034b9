/** Responsible for `npm run screenshots`: the images of the dashboard in README and docs, from a real server with workers that answer. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromiumPath, openDashboard, type Dashboard } from '../../test/support/dashboard.ts'
import { pushReceiver } from '../../test/support/push-receiver.ts'
import { livedIn } from '../../test/support/lived-in.ts'

const folder = fileURLToPath(new URL('../../docs/images/dashboard', import.meta.url))
const usage = `npm run screenshots -- [--folder FOLDER]

Takes the pictures of the dashboard anew, light and dark, into docs/images/dashboard. Needs Chromium.`

const pictures = [
  { name: 'home', path: '/', title: 'Home' },
  { name: 'chat', path: '/chat?thread=t-release', title: 'Chat' },
  { name: 'jobs', path: '/jobs', title: 'Jobs' },
  { name: 'review', path: '/reviews/1', title: 'Reviews' },
  { name: 'my-work', path: '/work', title: 'My work' },
  { name: 'workers', path: '/workers', title: 'Workers' },
  { name: 'killswitch', path: '/killswitch?level=3', title: 'Killswitch' },
  { name: 'audit', path: '/audit', title: 'Audit' },
  { name: 'notifications', path: '/settings?tab=notifications', title: 'Settings' },
] as const

/** The signed-in member takes jobs: one is in their hands and one is on offer. */
async function takeJobs({ call }: Dashboard): Promise<string> {
  const capabilities = [
    { name: 'contract.sign', risk_tier: 'audit' },
    { name: 'customer.call', risk_tier: 'auto' },
  ]
  await call('POST', '/api/v1/work/join', { name: 'rosa', capabilities })
  const prompt = 'Sign the contract with **Ada & Co.**\n\n- read the annex first\n- the amount must be `12,400 EUR`'
  const { id } = await call('POST', '/api/v1/dispatch', { prompt, capability: 'contract.sign' })
  await call('POST', '/api/v1/dispatch', {
    prompt: 'Call the customer back and ask which of the two dates suits them',
    capability: 'customer.call',
  })
  await call('POST', '/api/v1/dispatch', { prompt: 'Take a picture of the meter in the cellar', target: 'rosa' })
  await call('POST', `/api/v1/work/${String(id)}/start`)
  await call('POST', `/api/v1/work/${String(id)}/note`, { attempt: 1, text: 'Read the annex; the amount is right.\n' })
  return String(id)
}

/** Devices of the signed-in member. They receive nothing here, because everything that waits was requested by that member. */
async function addDevices({ call }: Dashboard): Promise<void> {
  for (const [name, endpoint] of [
    ['Chrome on Android', 'https://fcm.googleapis.com/fcm/send/picture'],
    ['Firefox on Linux', 'https://updates.push.services.mozilla.com/wpush/v2/picture'],
  ] as const)
    await call('POST', '/api/v1/devices', { name, endpoint, keys: (await pushReceiver()).keys })
}

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
    const inHand = await takeJobs(dashboard)
    await addDevices(dashboard)
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        const { page, context } = await dashboard.open('/', { colorScheme, viewport: { width, height: width === 390 ? 844 : 800 } })
        for (const { name, path, title } of [...pictures, { name: 'job-in-hand', path: `/work/${inHand}`, title: `Job ${inHand}` }]) {
          await page.goto(dashboard.url + path)
          await page.getByRole('heading', { level: 1, name: title }).waitFor()
          // The page follows the stream of a job in hand, so the network never becomes idle.
          if (path.startsWith('/work/')) await page.getByText('the amount is right').waitFor()
          else await page.waitForLoadState('networkidle')
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
