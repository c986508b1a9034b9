/** Says where the link of a first start leads: to a name, with its secret behind the #. */
import { expect, test } from 'vitest'
import { byName, signInLink } from '../../../../tools/start/presentation.ts'

test('the sign-in link is on localhost, and no server is told its secret', () => {
  const link = new URL(signInLink('http://127.0.0.1:8787/view/vwabcdefghijkl#KEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYK'))
  expect(link.host).toBe('localhost:8787')
  expect(link.pathname).toBe('/sign-in')
  expect(link.hash).toBe('#vwabcdefghijkl.KEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYK')
})

test('an address that is not of this machine stays as it is', () => {
  expect(byName('http://[::1]:9000')).toBe('http://localhost:9000')
  expect(byName('http://127.0.0.100:9000')).toBe('http://127.0.0.100:9000')
  expect(byName('https://reins.example.com')).toBe('https://reins.example.com')
})
