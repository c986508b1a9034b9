import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobRequest, presenceStates } from '@modelreins/contract'
import { isLive, mayDo, obstacles, requirementsOf, type Requirements, type WorkerView } from '../../../../src/domain/director/matching.ts'
import { specOf } from '../../../../src/domain/job/job-spec.ts'
import { workerView } from './workforce.ts'

const anything: Requirements = { capability: null, pinned: null, tags: [], networks: [], provider: null, model: null }
const able = workerView('anna', {
  capabilities: [{ name: 'docs.report', risk_tier: 'auto' }],
  tags: ['gpu', 'eu'],
  networks: ['office'],
  provider: 'claude',
  model: 'claude-opus-4-1',
})

const person = 'is a person, and takes only jobs that ask for one: by target, by substrate carbon, or by a capability that only people have'

describe('a filter', () => {
  const table: readonly (readonly [string, Partial<Requirements>, Partial<WorkerView>, readonly string[]])[] = [
    ['nothing asked for', {}, {}, []],
    ['revoked', {}, { revoked: true }, ['is revoked']],
    ['paused', {}, { paused: true }, ['is paused']],
    ['the target itself', { pinned: able.worker_id }, {}, []],
    ['another target', { pinned: 'wkother00000' }, {}, ['is not the target']],
    ['a capability it declares', { capability: 'docs.report' }, {}, []],
    ['a capability by half its name', { capability: 'docs' }, {}, ['does not declare the capability docs']],
    ['no capability at all', { capability: 'docs.report' }, { capabilities: [] }, ['does not declare the capability docs.report']],
    ['tags it has', { tags: ['eu'] }, {}, []],
    ['tags it lacks', { tags: ['eu', 'tpu', 'us'] }, {}, ['lacks the tags tpu, us']],
    ['a network it is on', { networks: ['office'] }, {}, []],
    ['networks it is not on', { networks: ['home', 'office'] }, {}, ['is not on the networks home']],
    ['its provider', { provider: 'claude' }, {}, []],
    ['another provider', { provider: 'codex' }, {}, ['runs claude, not codex']],
    ['a provider that nobody knows', { provider: 'codex' }, { provider: null }, ['runs no known provider, not codex']],
    ['its substrate', { substrate: 'silicon' }, {}, []],
    ['its substrate, as a companion', { substrate: 'silicon' }, { kind: 'companion' }, []],
    ['another substrate', { substrate: 'xenon' }, {}, ['is of silicon, not xenon']],
    ['a person where none is asked for', {}, { kind: 'carbon' }, [person]],
    ['a person by a capability that others have too', { capability: 'docs.report' }, { kind: 'carbon', shared: ['docs.report'] }, [person]],
    ['a person by a capability that only people have', { capability: 'docs.report' }, { kind: 'carbon', shared: ['post.draft'] }, []],
    ['a person by target', { pinned: able.worker_id }, { kind: 'carbon' }, []],
    ['a person by substrate', { substrate: 'carbon' }, { kind: 'carbon' }, []],
    ['a person where a machine is asked for', { substrate: 'silicon' }, { kind: 'carbon' }, ['is of carbon, not silicon']],
    ['its model', { model: 'claude-opus-4-1' }, {}, []],
    ['its model as people say it', { model: 'Opus' }, {}, []],
    ['another model', { model: 'sonnet' }, {}, ['has the model claude-opus-4-1, not sonnet']],
    ['the cloud, where it is', { mode: 'cloud' }, {}, []],
    ['its own machine, where it is not', { mode: 'local' }, {}, ['runs in the cloud, not locally']],
    ['its own machine, by its config', { mode: 'local' }, { config: { locality: 'local' } }, []],
    [
      'the cloud, of a local model',
      { mode: 'cloud' },
      { provider: 'ollama-http', model: 'llama3.2:3b' },
      ['runs locally, not in the cloud'],
    ],
    ['another worker to be avoided', { avoid: ['wkother00000'] }, {}, []],
    ['to be avoided itself', { avoid: [able.worker_id] }, {}, ['is to be avoided']],
    ['a model that nobody knows', { model: 'opus' }, { model: null }, ['has the model unknown, not opus']],
  ]
  it.each(table)('%s', (_, wants, worker, reasons) => {
    expect(obstacles({ ...anything, ...wants }, { ...able, ...worker })).toEqual(reasons)
  })

  it('names all that is against a worker, not the first thing only', () => {
    const wants = { ...anything, capability: 'x', tags: ['y'], provider: 'codex' }
    expect(obstacles(wants, { ...able, paused: true, revoked: true })).toHaveLength(5)
  })

  it('does not look at load, state or failures: those are for the ranking', () => {
    fc.assert(
      fc.property(fc.constantFrom(...presenceStates), fc.nat(9), fc.nat(9), (state, running, recent_failures) => {
        expect(mayDo(anything, { ...able, state, running, recent_failures })).toBe(true)
      }),
    )
  })

  it('never lets a worker in for having less', () => {
    const names = ['a', 'b', 'c']
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), fc.subarray(names), (wanted, has, more) => {
        const wants = { ...anything, tags: wanted, networks: wanted }
        const few = { ...able, tags: has, networks: has }
        const many = { ...able, tags: [...has, ...more], networks: [...has, ...more] }
        if (mayDo(wants, few)) expect(mayDo(wants, many)).toBe(true)
        expect(mayDo(wants, few)).toBe(wanted.every((name) => has.includes(name)))
      }),
    )
  })
})

describe('what a job asks of a worker', () => {
  const wantsOf = (request: object): Requirements => requirementsOf(specOf(jobRequest.parse({ prompt: 'x', ...request }), null))

  it('is alike for jobs that differ in what no worker cares about', () => {
    expect(wantsOf({ tags: ['b', 'a'], effort: 'deep', priority: 3, timeout: 9 })).toEqual(wantsOf({ tags: 'a,b' }))
  })

  it('is nothing unless the request says so', () => {
    expect(wantsOf({})).toEqual(anything)
  })

  it('takes nothing away from the specification it is made of', () => {
    const spec = specOf(jobRequest.parse({ prompt: 'x', tags: ['b', 'a'] }), null)
    requirementsOf(spec)
    expect(spec.tags).toEqual(['b', 'a'])
  })
})

it('a worker is live in every state but offline', () => {
  expect(presenceStates.filter((state) => !isLive(state))).toEqual(['offline'])
})
