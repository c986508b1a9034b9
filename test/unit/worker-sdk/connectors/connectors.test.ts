/** The connectors that look secrets up on this machine, and how references name them. */
import { describe, expect, it } from 'vitest'
import { hasConnector, parseReference } from '../../../../worker-sdk/src/connectors/index.ts'
import { Redactor } from '../../../../worker-sdk/src/worker/delivery/redactor.ts'
import { secretResolver } from '../../../../worker-sdk/src/worker/job/secrets.ts'

const redactor = new Redactor()
const allowed = { allowSecret: ['DEPLOY_KEY', 'EMPTY', 'MISSING', 'NOT_SET'], token: 'mrw_x' }
const resolve = secretResolver({ DEPLOY_KEY: 'correct-horse', EMPTY: '' }, redactor, allowed, () => [])

describe('a reference', () => {
  it.each([
    ['vault://env/NAME', 'env', 'NAME', undefined],
    ['vault://env/NAME#field', 'env', 'NAME', 'field'],
    ['vault://env/a/b/c#d#e', 'env', 'a/b/c', 'd#e'],
  ])('%s names a connector, a path and a field', (reference, connector, path, field) => {
    expect(parseReference(reference)).toMatchObject({ connector: { name: connector }, secret: { path, field } })
    expect(hasConnector(reference)).toBe(true)
  })

  it.each([
    '',
    'env/NAME',
    'vault://',
    'vault://env',
    'vault://env/',
    'vault://env/a b',
    'https://env/NAME',
    'vault://bitwarden/x',
    'vault://environment/NAME',
  ])('%s names none', async (reference) => {
    expect(hasConnector(reference)).toBe(false)
    await expect(resolve(reference)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('cannot be resolved'),
    })
  })
})

describe('env', () => {
  it('reads a variable of the worker, and tells the redactor before anybody sees it', async () => {
    expect(await resolve('vault://env/DEPLOY_KEY')).toBe('correct-horse')
    expect(redactor.redact('key correct-horse!')).not.toContain('correct-horse')
  })

  it.each(['MISSING', 'EMPTY'])('names a variable that is not set: %s', async (name) => {
    await expect(resolve(`vault://env/${name}`)).rejects.toThrow(`the environment variable ${name} is not set on this machine`)
  })
})
