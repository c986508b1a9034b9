import { label } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { lookAlikeKey } from '../../../../src/domain/access/look-alike.ts'

describe('a name', () => {
  it.each([
    ['Rosa', 'Rоsa'],
    ['Rosa', 'Ꮢosa'],
    ['Oscar', 'Οscаr'],
    ['paypal', 'раураӏ'],
    ['Rosa L', 'Rosa\u00a0L'],
    ['Rosa L', 'Rosa  L'],
    ['Rosa', 'Ｒｏｓａ'],
    ['Rosa', '𝐑osa'],
    ['Zoé', 'Zoe\u0301'],
  ])('%s looks like %s', (name, other) => {
    expect(other).not.toBe(name)
    expect(lookAlikeKey(other)).toBe(lookAlikeKey(name))
  })

  it.each([
    ['Rosa', 'rosa'],
    ['Rosa1', 'RosaI'],
    ['Rosa', 'Rósa'],
    ['Olga', 'Ольга'],
    ['worker-0', 'worker-O'],
  ])('%s does not look like %s', (name, other) => {
    expect(lookAlikeKey(other)).not.toBe(lookAlikeKey(name))
  })

  it.each([
    '\u200b',
    '\u200d',
    '\u2060',
    '\ufeff',
    '\u061c',
    '\u00ad',
    '\u3164',
    '\ufe0f',
    '\u{e0041}',
    '\u034f',
    '\u202e',
    '\u2028',
    '\ue000',
    '\n',
    '\ud800',
  ])('has nothing in it that is not seen: %j', (hidden) => {
    expect(label.safeParse(`Ro${hidden}sa`).success).toBe(false)
    expect(label.safeParse(`Rosa${hidden}x`).success).toBe(false)
  })

  it('may be of any script', () => {
    for (const name of ['Ольга', 'Ελένη', '文書係', 'Zoë', 'राम', 'O’Neil']) expect(label.safeParse(name).success).toBe(true)
  })
})
