#!/usr/bin/env node
/**
 * Responsible for a worker that has texts summarised by any OpenAI-compatible server (llama.cpp, vLLM, Ollama, LM Studio, OpenAI, ...).
 * What to do with a text comes with the job; this program says where the model is and how it is asked. It holds no prompt.
 *
 * Server and token come from MODELREINS_URL and MODELREINS_TOKEN or the config file, the model's address from MODELREINS_ENDPOINT and, where that
 * offers several models, which one from MODELREINS_WORKER_MODEL.
 */
import { Worker } from 'modelreins-worker'

const worker = new Worker({
  name: 'summariser',
  type: 'http',
  // Request parameters of the model: sober, and short whatever happens.
  extraArgs: ['temperature=0.2', 'max_tokens=400'],
  // The model's server is what costs; two texts at a time keep it busy.
  slots: 2,
})

worker.on('ready', ({ name }) => console.log(`${name} is ready`))
worker.on('job:start', ({ id }) => console.log(`job ${id} started`))
worker.on('job:done', ({ id }) => console.log(`job ${id} done`))
worker.on('job:error', ({ id, error, errorType }) => console.error(`job ${id} failed (${errorType}): ${error}`))
worker.on('error', ({ type, error }) => console.error(`${type}: ${error}`))

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => worker.stop())
await worker.start().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
