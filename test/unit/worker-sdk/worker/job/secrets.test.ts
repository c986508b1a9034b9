/** Which variables of the environment hold a secret, by their names alone, and which of them a job may have. */
import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../../../worker-sdk/src/worker/delivery/redactor.ts'
import { declaredSecrets, environmentSecrets, secretResolver } from '../../../../../worker-sdk/src/worker/job/secrets.ts'

const value = 'correct-horse-battery'

it.each([
  'GITHUB_TOKEN',
  'TOKEN',
  'CLIENT_SECRET',
  'MAIL_PASSWORD',
  'PGPASSWORD',
  'REDISCLI_PASSWORD',
  'MYSQL_PWD',
  'SMTP_PASS',
  'GPG_PASSPHRASE',
  'BORG_PASSPHRASE',
  'PASSPHRASE',
  'db_passwd',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'OPENAI_API_KEY',
  'AWS_SECRET_ACCESS_KEY',
])('takes %s for a secret', (name) => {
  expect(environmentSecrets({ [name]: value })).toEqual([value])
})

it.each(['PATH', 'PWD', 'OLDPWD', 'COMPASS', 'BYPASS', 'KEYBOARD', 'TOKENIZER', 'PASSWORD_STORE_DIR'])('leaves %s alone', (name) => {
  expect(environmentSecrets({ [name]: value })).toEqual([])
})

it('leaves a folder alone whatever its variable is called after, and what may be an ordinary word', () => {
  expect(environmentSecrets({ OLD_PWD: '/home/ada/projects', START_PWD: 'C:\\Users\\ada', MAIL_PASSWORD: 'password' })).toEqual([])
})

describe('what a job may ask for', () => {
  const token = 'mrw_acme_abcdefghijkl_0123456789abcdef_0123456789abcdefghij'
  const ours = ['MODELREINS_TOKEN', 'MODELREINS_ADMIN_TOKEN', 'MODELREINS_API_KEY', 'MODELREINS_URL', 'modelreins_token']
  const env = {
    ...Object.fromEntries(ours.map((name) => [name, 'something-long-enough'])),
    SMTP_PASS: 'swordfish-11',
    AWS_SECRET_ACCESS_KEY: 'swordfish-12',
    COPY_OF_TOKEN: token,
    HEADER: `Bearer ${token}`,
  }
  const ask = (reference: string, allowed: readonly string[] = [], declared: readonly string[] = []): Promise<string> =>
    secretResolver(env, new Redactor(), { allowSecret: allowed, token }, () => declared)(reference)

  it('is what the machine’s owner allows, or what the worker was registered with, and nothing else', async () => {
    expect(await ask('vault://env/SMTP_PASS', ['SMTP_PASS'])).toBe('swordfish-11')
    expect(await ask('vault://env/SMTP_PASS', ['vault://env/SMTP_PASS'])).toBe('swordfish-11')
    expect(await ask('vault://env/SMTP_PASS#password', [], ['vault://env/SMTP_PASS'])).toBe('swordfish-11')
    await expect(ask('vault://env/AWS_SECRET_ACCESS_KEY', ['SMTP_PASS'], ['vault://keeper/AWS_SECRET_ACCESS_KEY'])).rejects.toThrow(
      'AWS_SECRET_ACCESS_KEY cannot be resolved: this worker lets no job have it',
    )
    await expect(ask('vault://env/SMTP_PASS')).rejects.toThrow('--allow-secret SMTP_PASS')
  })

  it.each(ours)('is never %s, even where somebody allows it', async (name) => {
    await expect(ask(`vault://env/${name}`, [name], [`vault://env/${name}`])).rejects.toThrow(
      'variables of this service cannot be used as secrets',
    )
  })

  it.each(['COPY_OF_TOKEN', 'HEADER'])('is never this worker’s own token under another name, such as %s', async (name) => {
    await expect(ask(`vault://env/${name}`, [name])).rejects.toThrow('is not set')
  })

  it('counts what the capabilities of the worker declare', () => {
    const identity = { worker_id: 'wk1', name: 'anna', paused: false, requires_secrets: ['vault://env/A'] }
    const capabilities = [{ name: 'c', risk_tier: 'auto' as const, requires_secrets: ['vault://env/B'] }]
    expect(declaredSecrets({ ...identity, capabilities })).toEqual(['vault://env/A', 'vault://env/B'])
    expect(declaredSecrets(undefined)).toEqual([])
  })
})
