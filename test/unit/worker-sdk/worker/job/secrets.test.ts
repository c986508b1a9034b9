/** Which variables of the environment hold a secret, by their names alone. */
import { expect, it } from 'vitest'
import { environmentSecrets } from '../../../../../worker-sdk/src/worker/job/secrets.ts'

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
