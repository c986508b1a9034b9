#!/usr/bin/env node
/**
 * Responsible for three workers in one program that judge a text, each by a rule of its own, and answer in JSON. Models disagree as these do.
 *
 * Server from MODELREINS_URL; the tokens of the workers from ANNA_TOKEN, BERT_TOKEN and CLEO_TOKEN.
 */
import { redeemView, Worker } from 'modelreins-worker'

/** Is it spam? */
const rules = {
  anna: (text) => text.includes('!!!'),
  bert: (text) => /\b(?:free|winner|prize)\b/i.test(text),
  cleo: (text) => text === text.toUpperCase(),
}

/** A token, or the one-time view URL that holds it. */
async function tokenOf(name) {
  const given = process.env[`${name.toUpperCase()}_TOKEN`] ?? ''
  return given.startsWith('http') ? (await redeemView(given)).token : given
}

async function judge([name, isSpam]) {
  const executor = async (job) => JSON.stringify({ verdict: isSpam(job.input.text) ? 'spam' : 'fine', by: name })
  const worker = new Worker({ name, executor, token: await tokenOf(name) })
  worker.on('error', ({ type, error }) => console.error(`${name}: ${type}: ${error}`))
  return worker
}

const workers = await Promise.all(Object.entries(rules).map(judge))

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => workers.forEach((worker) => worker.stop()))
const ready = workers.map((worker) => new Promise((resolve) => worker.on('ready', resolve)))
Promise.all(ready).then(() => console.log('anna, bert and cleo: everybody is ready'))
await Promise.all(workers.map((worker) => worker.start())).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
