/** The token that a service manager hands over in a file of its own. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { credentialName, withCredential } from '../../../../../worker-sdk/src/cli/setup/start-environment.ts'

it('is read where systemd puts it, behind a variable that is set', () => {
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
  const env = { CREDENTIALS_DIRECTORY: folder, PATH: '/bin' }
  expect(withCredential(env)).toEqual(env)
  writeFileSync(join(folder, credentialName), 'mrw_from_systemd\n', { mode: 0o400 })
  expect(withCredential(env)).toEqual({ ...env, MODELREINS_TOKEN: 'mrw_from_systemd' })
  expect(withCredential({ ...env, MODELREINS_TOKEN: 'mrw_mine' })['MODELREINS_TOKEN']).toBe('mrw_mine')
  expect(withCredential({ PATH: '/bin' })).toEqual({ PATH: '/bin' })
})
