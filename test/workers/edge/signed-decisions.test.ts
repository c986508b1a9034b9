/** Says when a decision signed with a passkey is taken, what is kept of it, and that a policy may take no other. */
import { createHash } from 'node:crypto'
import { signedDecisionText, type AuditRow, type Job, type Output, type Review } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { verifyAudit } from '../../../worker-sdk/src/audit/verify.ts'
import { assertWith, newPasskey, register, type Ceremony, type Passkey } from '../../support/authenticator.ts'
import { fingerprintOf } from '../../support/signed-decision.ts'
import { call, json, newTenant, newWorker, origin, present, problem, redeem, type TestTenant, type TestWorker } from './edge.ts'
import { misspelt } from '../../support/misspelt.ts'

type Options = Output<'reviews.signing_options'>
type Body = Readonly<Record<string, unknown>>

let tenant: TestTenant
let worker: TestWorker
/** A reviewer with a passkey, and one without. */
let rosa: { readonly key: string; readonly passkey: Passkey; readonly member_id: string }
let otto: { readonly key: string }

async function newReviewer(name: string): Promise<{ readonly key: string; readonly member_id: string }> {
  const made = await json<{ member_id: string; view_url: string }>(
    call('POST', '/api/v1/members', { token: tenant.owner, body: { name, role: 'reviewer' } }),
    201,
  )
  return { member_id: made.member_id, key: (await redeem(made.view_url)).token }
}

const here = { origin, rpId: 'reins.example' }

async function addPasskey(key: string, passkey = newPasskey(-7, 'rosa')): Promise<Passkey> {
  const { challenge } = await json<{ challenge: string }>(call('POST', '/api/v1/passkeys/options', { token: key, body: {} }))
  const credential = register(passkey, { challenge, ...here })
  const kept = await json<{ fingerprint: string }>(
    call('POST', '/api/v1/passkeys', { token: key, body: { name: 'laptop', credential } }),
    201,
  )
  expect(kept.fingerprint).toBe(fingerprintOf(passkey))
  return passkey
}

beforeAll(async () => {
  tenant = await newTenant()
  const reviewer = await newReviewer('Rosa')
  rosa = { ...reviewer, passkey: await addPasskey(reviewer.key) }
  otto = await newReviewer('Otto')
  worker = await newWorker(tenant, 'deployer', {
    capabilities: [
      { name: 'deploy', risk_tier: 'approve', policy: { signed: 'required' } },
      { name: 'mail', risk_tier: 'approve' },
    ],
  })
  await json(present(worker))
})

async function newReview(capability: 'deploy' | 'mail'): Promise<Review> {
  const body = { prompt: 'Ship it.', capability, target: worker.name }
  const job = await json<Job & { review_id: number }>(call('POST', '/api/v1/dispatch', { token: tenant.owner, body }), 201)
  return json<Review>(call('GET', `/api/v1/reviews/${job.review_id}`, { token: rosa.key }))
}

const signingOptions = (review: Review, body: Body, key = rosa.key): Promise<Response> =>
  call('POST', `/api/v1/reviews/${review.id}/signing-options`, { token: key, body: { digest: review.digest, ...body } })

const decide = (review: Review, body: Body, key = rosa.key): Promise<Response> =>
  call('POST', `/api/v1/reviews/${review.id}/decide`, { token: key, body: { digest: review.digest, ...body } })

/** What Rosa's passkey says to a challenge; each answer counts one up. */
function answer({ nonce, options }: Options, ceremony: Partial<Ceremony> = {}, passkey = rosa.passkey) {
  passkey.counter += 1
  return { signature: { nonce, credential: assertWith(passkey, { challenge: options.challenge, ...here, ...ceremony }) } }
}

const signed = async (review: Review, body: Body): Promise<Response> =>
  decide(review, { ...body, ...answer(await json<Options>(signingOptions(review, body))) })

const rowsOf = async (action: string): Promise<readonly AuditRow[]> =>
  (await json<{ items: AuditRow[] }>(call('GET', `/api/v1/audit?action=${action}&limit=200`, { token: tenant.owner }))).items

describe('a policy that demands signatures', () => {
  test('refuses every decision without one, says what to do, and decides nothing', async () => {
    const review = await newReview('deploy')
    expect(review.signed).toBe('required')
    for (const body of [{ verdict: 'approve' }, { verdict: 'deny', comment: 'no' }, { verdict: 'edit', payload: { prompt: 'x' } }]) {
      const refused = await problem(decide(review, body), 403)
      expect(refused.code).toBe('signature-required')
      expect(refused.detail).toContain(`Open /reviews/${review.id} in the dashboard`)
    }
    expect((await problem(decide(review, { verdict: 'approve' }, otto.key), 403)).detail).toContain('add one under Settings, Sign-in')
    expect((await problem(signingOptions(review, { verdict: 'approve' }, otto.key), 403)).detail).toContain('Otto has no passkey')
    const many = { verdict: 'approve', review_ids: [{ review_id: review.id, digest: review.digest }] }
    const bulk = await json<Output<'reviews.decide_many'>>(call('POST', '/api/v1/reviews/decide', { token: rosa.key, body: many }))
    expect(bulk).toMatchObject({ decided: [], left_out: [{ review_id: review.id, reason: expect.stringContaining('signed') }] })
    expect(await json<Review>(call('GET', `/api/v1/reviews/${review.id}`, { token: rosa.key }))).toMatchObject({
      status: 'pending',
      decisions: [],
    })
  })

  test('takes a signed one, keeps the signature with review and audit row, and the export verifies offline', async () => {
    const review = await newReview('deploy')
    const options = await json<Options>(signingOptions(review, { verdict: 'approve', comment: 'fine' }))
    expect(options.text).toBe(
      signedDecisionText(tenant.tenant, {
        review_id: review.id,
        digest: review.digest,
        verdict: 'approve',
        edited_digest: null,
        comment_digest: createHash('sha256').update('fine').digest('hex'),
        grant: null,
        nonce: options.nonce,
      }),
    )
    expect(options.options.challenge).toBe(createHash('sha256').update(options.text).digest('base64url'))
    const body = { verdict: 'approve', comment: 'fine', ...answer(options) }
    const after = await json<Review>(decide(review, body))
    const proof = after.decisions[0]?.proof
    expect(after).toMatchObject({
      status: 'approved',
      decisions: [{ by: 'Rosa', proof: { passkey_name: 'laptop', nonce: options.nonce } }],
    })
    // The answer may have got lost: the same again changes nothing, and takes no second signature.
    expect(await json<Review>(decide(review, body))).toEqual(after)
    await expect.poll(() => rowsOf('review.approve'), { timeout: 5_000 }).toContainEqual(expect.objectContaining({ proof }))
    await expect
      .poll(
        async () => {
          const file = new Uint8Array(await (await call('GET', '/api/v1/audit/export', { token: tenant.owner })).arrayBuffer())
          const verdict = await verifyAudit([file], { keys: [], heads: [], passkeys: [fingerprintOf(rosa.passkey)] })
          return [verdict.fault, verdict.passkeys[0]?.member, verdict.passkeys[0]?.pinned]
        },
        { timeout: 5_000 },
      )
      .toEqual([null, 'Rosa', 'given'])
    expect(await json(call('GET', '/api/v1/audit/verify', { token: tenant.owner }))).toMatchObject({ ok: true })
  })

  test('asks again before a job starts that was approved without one', async () => {
    const review = await newReview('mail')
    await json(decide(review, { verdict: 'approve' }))
    const capabilities = [
      { name: 'deploy', risk_tier: 'approve', policy: { signed: 'required' } },
      { name: 'mail', risk_tier: 'approve', policy: { signed: 'required' } },
    ]
    await json(call('PATCH', `/api/v1/workers/${worker.worker_id}`, { token: tenant.owner, body: { capabilities } }))
    const poll = await json<{ offers: readonly { readonly job: { readonly id: number } }[] }>(
      call('POST', '/api/v1/claims', { token: worker.token, body: { max: 10 } }),
    )
    expect(poll.offers.map(({ job }) => job.id)).not.toContain(review.job_id)
  })
})

describe('an edit', () => {
  test('is signed with the digest of what will run, which the options show', async () => {
    const review = await newReview('deploy')
    const body = { verdict: 'edit', payload: { prompt: 'Ship it tomorrow.' } }
    const options = await json<Options>(signingOptions(review, body))
    expect(options.edited?.payload).toMatchObject({ prompt: 'Ship it tomorrow.' })
    expect(JSON.parse(options.text)).toMatchObject({ verdict: 'edit', digest: review.digest, edited_digest: options.edited?.digest })
    const other = { verdict: 'edit', payload: { prompt: 'Drop the tables.' } }
    expect((await problem(decide(review, { ...other, ...answer(options) }), 403)).code).toBe('signature-required')
    const again = await json<Options>(signingOptions(review, body))
    const after = await json<Review>(decide(review, { ...body, ...answer(again) }))
    expect(after).toMatchObject({ status: 'approved', digest: options.edited?.digest, payload: { prompt: 'Ship it tomorrow.' } })
  })
})

describe('a signature', () => {
  test('is refused for another verdict, comment, review or member, from another site, twice, and too late', async () => {
    const [review, other] = [await newReview('deploy'), await newReview('deploy')]
    const yes = { verdict: 'approve' }
    const refusals: readonly (readonly [string, () => Promise<Response>])[] = [
      [
        'another verdict',
        async () => decide(review, { verdict: 'deny', comment: 'no', ...answer(await json<Options>(signingOptions(review, yes))) }),
      ],
      [
        'another comment',
        async () => decide(review, { ...yes, comment: 'yes', ...answer(await json<Options>(signingOptions(review, yes))) }),
      ],
      ['another review', async () => decide(other, { ...yes, ...answer(await json<Options>(signingOptions(review, yes))) })],
      ['another member', async () => decide(review, { ...yes, ...answer(await json<Options>(signingOptions(review, yes))) }, otto.key)],
      [
        'another site',
        async () =>
          decide(review, { ...yes, ...answer(await json<Options>(signingOptions(review, yes)), { origin: 'https://evil.example' }) }),
      ],
      [
        'nobody verified',
        async () => decide(review, { ...yes, ...answer(await json<Options>(signingOptions(review, yes)), { flags: 0x01 }) }),
      ],
      [
        'a challenge of a registration',
        async () => {
          const { challenge } = await json<{ challenge: string }>(call('POST', '/api/v1/passkeys/options', { token: rosa.key, body: {} }))
          const options = await json<Options>(signingOptions(review, yes))
          return decide(review, { ...yes, ...answer({ ...options, nonce: Buffer.from(challenge, 'base64url').toString() }) })
        },
      ],
      [
        'a forged challenge',
        async () => {
          const options = await json<Options>(signingOptions(review, yes))
          return decide(review, {
            ...yes,
            ...answer({ ...options, nonce: misspelt(options.nonce) }),
          })
        },
      ],
    ]
    for (const [what, refused] of refusals) expect([what, (await problem(refused(), 403)).code]).toEqual([what, 'signature-required'])
    expect(await json<Review>(call('GET', `/api/v1/reviews/${review.id}`, { token: rosa.key }))).toMatchObject({ decisions: [] })
    expect(await json<Review>(signed(review, yes))).toMatchObject({ status: 'approved' })
    expect((await problem(signingOptions(review, { verdict: 'deny', comment: 'late' }), 409)).code).toBe('wrong-state')
  })

  test('is good once: said again after another word, it is refused', async () => {
    const votes = { approve: 2, deny: 2 }
    const capabilities = [
      { name: 'deploy', risk_tier: 'approve', policy: { signed: 'required' } },
      { name: 'mail', risk_tier: 'approve', policy: { quorum: votes } },
    ]
    const strict = await newWorker(tenant, 'mailer', { capabilities })
    await json(present(strict))
    const body = { title: 'Send it', payload: { to: 'all' }, capability: 'mail' }
    const review = await json<Review>(call('POST', '/api/v1/reviews', { token: strict.token, body }), 201)
    const yes = { verdict: 'approve', ...answer(await json<Options>(signingOptions(review, { verdict: 'approve' }))) }
    expect(await json<Review>(decide(review, yes))).toMatchObject({ status: 'pending', decisions: [{ verdict: 'approve' }] })
    await json(decide(review, { verdict: 'deny', comment: 'I was wrong.' }))
    expect((await problem(decide(review, yes), 403)).detail).toContain('already used')
  })

  test('may come with a decision that needs none, and is then kept too', async () => {
    const submitted = await json<Review>(
      call('POST', '/api/v1/reviews', { token: worker.token, body: { title: 'look', content: 'harmless' } }),
      201,
    )
    expect(submitted.signed).toBeUndefined()
    expect(await json<Review>(signed(submitted, { verdict: 'deny', comment: 'no' }))).toMatchObject({
      status: 'denied',
      decisions: [{ proof: { verdict: 'deny' } }],
    })
  })
})
