/** Says which words and codes mean which error: the table of types and their order, read against what providers really print. */
import { describe, expect, it } from 'vitest'
import { ERROR_TYPES, type ErrorType, classifyError } from '../../../../worker-sdk/src/errors.ts'

const now = new Date('2026-05-04T12:00:00.000Z')

describe('ERROR_TYPES', () => {
  it('holds the eight constants of the seed with lower-snake values', () => {
    expect(ERROR_TYPES).toEqual({
      SPAWN_FAILED: 'spawn_failed',
      AUTH_FAILED: 'auth_failed',
      RATE_LIMITED: 'rate_limited',
      TIMEOUT: 'timeout',
      NETWORK: 'network',
      OOM: 'oom',
      EXIT_ERROR: 'exit_error',
      UNKNOWN: 'unknown',
    })
  })
})

describe('classifyError', () => {
  it('answers exactly what the seed shows for HTTP 429', () => {
    expect(classifyError({ message: 'HTTP 429 Too Many Requests' })).toEqual({
      type: 'rate_limited',
      message: 'Rate limited',
      retryable: true,
    })
  })

  const triggers: readonly (readonly [phrase: string, type: ErrorType, retryable: boolean])[] = [
    ['ENOENT', 'spawn_failed', false],
    ['not found', 'spawn_failed', false],
    ['Permission denied', 'spawn_failed', false],
    ['Not logged in', 'auth_failed', false],
    ['Unauthorized', 'auth_failed', false],
    ['401', 'auth_failed', false],
    ['403', 'auth_failed', false],
    ['rate limit', 'rate_limited', true],
    ['429', 'rate_limited', true],
    ['too many', 'rate_limited', true],
    ['hit your limit', 'rate_limited', true],
    ['usage limit', 'rate_limited', true],
    ['limit reached', 'rate_limited', true],
    ['resets 5pm', 'rate_limited', true],
    ['timeout', 'timeout', true],
    ['ETIMEDOUT', 'timeout', true],
    ['ECONNREFUSED', 'network', true],
    ['ENOTFOUND', 'network', true],
    ['DNS', 'network', true],
  ]
  it.each(triggers)('takes the trigger "%s" of the table for %s', (phrase, type, retryable) => {
    expect(classifyError(new Error(phrase), 1, '', now)).toMatchObject({ type, retryable })
    expect(classifyError({ message: phrase.toUpperCase() }, 1, '', now)).toMatchObject({ type, retryable })
  })

  it('names exit code 137 oom, any other non-zero exit exit_error, and the rest unknown, none of them retryable', () => {
    expect(classifyError(undefined, 137, '')).toMatchObject({ type: 'oom', retryable: false })
    expect(classifyError(undefined, 3, 'warming up\nsegfault at 0x0\n')).toEqual({
      type: 'exit_error',
      message: 'Exited with code 3: segfault at 0x0',
      retryable: false,
    })
    expect(classifyError(new Error('the cat sat on the keyboard'))).toEqual({
      type: 'unknown',
      message: 'the cat sat on the keyboard',
      retryable: false,
    })
    expect(classifyError(undefined)).toEqual({ type: 'unknown', message: 'Unknown error', retryable: false })
    expect(classifyError(null, 0, null)).toMatchObject({ type: 'unknown' })
  })

  it('lets the earlier row win when two match', () => {
    expect(classifyError(new Error('spawn claude ENOENT'), 429, 'timeout')).toMatchObject({ type: 'spawn_failed' })
    expect(classifyError(new Error('unauthorized'), 1, 'rate limit')).toMatchObject({ type: 'auth_failed' })
    expect(classifyError(new Error('timeout'), 1, 'HTTP 429')).toMatchObject({ type: 'rate_limited' })
    expect(classifyError(new Error('ECONNREFUSED'), 1, 'request timeout')).toMatchObject({ type: 'timeout' })
    expect(classifyError(new Error('getaddrinfo ENOTFOUND x'), 137, '')).toMatchObject({ type: 'network' })
  })

  const real: readonly (readonly [provider: string, text: string, type: ErrorType])[] = [
    ['claude', "You've hit your limit · resets 1:30am (Asia/Dhaka)", 'rate_limited'],
    ['claude', 'Claude AI usage limit reached|1778000000', 'rate_limited'],
    ['claude', '5-hour limit reached ∙ resets 3pm', 'rate_limited'],
    ['claude', "You've hit your session limit · resets 3:45pm", 'rate_limited'],
    [
      'claude',
      `API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account's rate limit. Please try again later."}}`,
      'rate_limited',
    ],
    ['claude', 'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'network'],
    ['claude', 'Invalid API key · Please run /login', 'auth_failed'],
    [
      'claude',
      'API Error: 401 {"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired."}}',
      'auth_failed',
    ],
    ['claude', 'API Error: 403 {"error":{"message":"Request not allowed"}}', 'auth_failed'],
    ['claude', 'API Error: Request timed out.', 'timeout'],
    ['claude', 'API Error: Connection error.', 'network'],
    ['codex', 'exceeded retry limit, last status: 429 Too Many Requests, request id: c6346410-8a50-495b-b711-08c6e4147c43', 'rate_limited'],
    ['codex', "You've hit your usage limit. Upgrade to Pro or try again in 3 days 4 hours 12 minutes.", 'rate_limited'],
    [
      'codex',
      '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":9568}}',
      'rate_limited',
    ],
    ['codex', 'unexpected status 401 Unauthorized: Missing bearer or basic authentication in header', 'auth_failed'],
    ['codex', 'Not logged in. Run `codex login`.', 'auth_failed'],
    ['codex', 'stream disconnected before completion: error sending request for url (https://api.openai.com/v1/responses)', 'network'],
    ['aider', 'litellm.RateLimitError: RateLimitError: OpenAIException - Request too large for gpt-4o', 'rate_limited'],
    ['aider', 'litellm.AuthenticationError: AnthropicException - {"type":"error","error":{"type":"authentication_error"}}', 'auth_failed'],
    [
      'aider',
      'litellm.RateLimitError: VertexAIException - b\'{"code": 429, "message": "Resource has been exhausted (e.g. check quota)."}\'',
      'rate_limited',
    ],
    ['aider', 'litellm.APIConnectionError: Connection error.', 'network'],
    ['aider', 'litellm.Timeout: Connection timed out after 600.0 seconds.', 'timeout'],
    ['openai', '401 Incorrect API key provided: sk-abc***xyz.', 'auth_failed'],
    ['openai', '429 You exceeded your current quota, please check your plan and billing details.', 'rate_limited'],
    ['openai', "Error code: 401 - {'error': {'message': 'No auth credentials found', 'code': 401}}", 'auth_failed'],
    ['openai', 'HTTP 403 Country, region, or territory not supported', 'auth_failed'],
    [
      'openai',
      'Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29000. Please try again in 6m0s.',
      'rate_limited',
    ],
    ['openai', 'AuthenticationError: 401 Incorrect API key provided: sk-abc***xyz.', 'auth_failed'],
    ['axios', 'Request failed with status code 429', 'rate_limited'],
    ['node', "{ code: 429, reason: 'slow down' }", 'rate_limited'],
    ['node', 'statusCode: 401,', 'auth_failed'],
    ['java', 'Server returned HTTP response code: 403 for URL: https://example.com', 'auth_failed'],
    ['curl', '< HTTP/2 429', 'rate_limited'],
    ['git', 'fatal: unable to access: The requested URL returned error: 401', 'auth_failed'],
    ['yaml', 'code: 403', 'auth_failed'],
    ['proxy', 'HTTP 403 error from the gateway', 'auth_failed'],
    ['ollama', 'connect ECONNREFUSED 127.0.0.1:11434', 'network'],
    ['ollama', 'HTTP 404: model "llama9" not found, try pulling it first', 'spawn_failed'],
    ['ollama', 'HTTP 503: server busy, please try again.  maximum pending requests exceeded', 'network'],
    ['ollama', 'HTTP 401: unauthorized', 'auth_failed'],
    ['ollama', "you've reached your hourly usage limit, please upgrade to continue", 'rate_limited'],
    ['lmstudio', 'HTTP 404: Model not found "qwen"', 'spawn_failed'],
    ['onemin', 'HTTP 401: {"message":"API key is invalid"}', 'auth_failed'],
    ['onemin', 'HTTP 400: {"errorCode":"INSUFFICIENT_CREDITS","message":"The feature requires 1280 credits"}', 'exit_error'],
    ['onemin', 'HTTP 429: ThrottlerException: Too Many Requests', 'rate_limited'],
    ['playwright', 'page.goto: net::ERR_NAME_NOT_RESOLVED at https://nowhere.invalid/', 'exit_error'],
    ['playwright', 'page.click: Timeout 30000ms exceeded.', 'timeout'],
    ['playwright', "browserType.launch: Executable doesn't exist at /root/chrome (ENOENT)", 'spawn_failed'],
    ['spawn', 'sh: 1: frobnicate: not found', 'spawn_failed'],
    ['spawn', 'bash: ./run.sh: Permission denied', 'spawn_failed'],
    ['spawn', 'curl: (6) Could not resolve host: example.invalid; Temporary failure in name resolution', 'network'],
    ['spawn', 'curl: (22) The requested URL returned error: 403', 'auth_failed'],
    ['spawn', 'npm ERR! 403 Forbidden - GET https://example.com/x', 'auth_failed'],
  ]
  it.each(real)('knows what %s means by: %s', (_provider, text, type) => {
    expect(classifyError(new Error(text), 1, '', now).type).toBe(type)
    expect(classifyError(undefined, 1, `some warning before\n${text}\n`, now).type).toBe(type)
  })

  it('finds code, status and cause that an error carries beside its message', () => {
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' })
    expect(classifyError(new TypeError('failed', { cause: refused }))).toMatchObject({ type: 'network', retryable: true })
    expect(classifyError(Object.assign(new Error('spawn EACCES'), { code: 'EACCES' }))).toMatchObject({ type: 'spawn_failed' })
    expect(classifyError(new AggregateError([refused], 'several'))).toMatchObject({ type: 'network' })
    expect(classifyError({ message: 'no', status: 401 })).toMatchObject({ type: 'auth_failed' })
    expect(classifyError({ message: 'no', status: 429, headers: { 'retry-after': '30' } }, null, null, now)).toEqual({
      type: 'rate_limited',
      message: 'Rate limited',
      retryable: true,
      retry_at: '2026-05-04T12:00:30.000Z',
    })
  })

  const carriers: readonly (readonly [where: string, error: unknown])[] = [
    ['a Headers', { status: 429, headers: new Headers({ 'retry-after': '20' }) }],
    ['a record', { status: 429, headers: { 'retry-after': '20' } }],
    ['a record with names as they are sent', { status: 429, headers: { 'Retry-After': '20' } }],
    ['a number', { statusCode: 429, headers: { 'retry-after': 20 } }],
    ['a list', { status: 429, headers: { 'retry-after': ['20'] } }],
    ['an answer of axios', { message: 'Request failed', response: { status: 429, headers: { 'retry-after': '20' } } }],
    ['an answer of fetch', { message: 'no', response: new Response(null, { status: 429, headers: { 'retry-after': '20' } }) }],
    ['a cause', new Error('no', { cause: { status: 429, headers: new Headers({ 'Retry-After': '20' }) } })],
    ['a date', { status: 429, headers: new Headers({ 'retry-after': 'Mon, 04 May 2026 12:00:20 GMT' }) }],
  ]
  it.each(carriers)('finds Retry-After in %s', (_where, error) => {
    expect(classifyError(error, null, null, now)).toEqual({
      type: 'rate_limited',
      message: 'Rate limited',
      retryable: true,
      retry_at: '2026-05-04T12:00:20.000Z',
    })
  })

  it('is not disturbed by headers and answers of any other kind', () => {
    for (const odd of [null, 'text', 7, [], { 'retry-after': null }, { 'retry-after': {} }])
      expect(classifyError({ status: 429, headers: odd, response: odd }, null, null, now)).toEqual({
        type: 'rate_limited',
        message: 'Rate limited',
        retryable: true,
      })
  })

  const falseFriends: readonly string[] = [
    'processed 401 rows, 3 of them bad',
    'src/main.ts:429:12 - error TS2304: Cannot find name "x"',
    'src/main.ts(401,3): error TS2304',
    'error: 429 files could not be formatted',
    'line 403: unexpected token',
    '  File "app.py", line 429, in main',
    '429: const answer = 42',
    'listening on port 4010, then 40300',
    'took 429 ms',
    'see issue #401 and https://example.com/issues/403',
    'exit status 401',
    'exited with code 429',
    'return code 401',
    'process returned code: 429',
    'the script returned with status 403',
    'Build finished with status 403',
    'Build finished with status 403 of 500 tests',
    'status: 401 of 429 done',
    'Error: 401 Files changed',
    'ERROR: 403 Problems found',
    '401 Files changed',
    'error code: 429 entries',
    'fails with code 401',
    'price is $4.29, version 1.403.0',
    'code 429 lines long',
    '429 tests passed, 1 failed',
    'TypeError: x is not a function\n    at listOnTimeout (node:internal/timers:581:17)\n    at process.processTimers (node:internal/timers:519:7)',
    'TypeError: setTimeout(...) is not iterable',
    'usage: tool [--connect-timeout SECONDS]',
    'the foundation was laid',
    'Handler.dnsmasq failed',
  ]
  it.each(falseFriends)('is not misled by: %s', (text) => {
    expect(classifyError(undefined, 2, text, now)).toMatchObject({ type: 'exit_error', retryable: false })
    expect(classifyError(new Error(text), 2, '', now)).toMatchObject({ type: 'exit_error', retryable: false })
  })

  it('names no retry time on errors that another attempt cannot help', () => {
    expect(classifyError(new Error('401 Unauthorized. Retry-After: 30'), 1, '', now)).not.toHaveProperty('retry_at')
  })
  it('leaves retry_at out when no time is told', () => {
    expect(Object.keys(classifyError(new Error('HTTP 429'), 1, '', now))).toEqual(['type', 'message', 'retryable'])
  })
  it('tells when a limit resets', () => {
    expect(classifyError(new Error("You've hit your limit · resets 1:30am (Asia/Dhaka)"), 1, '', now)).toMatchObject({
      retry_at: '2026-05-04T19:30:00.000Z',
    })
  })
})
