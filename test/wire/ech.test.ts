// ECHConfig alone and in a list: other versions are ignored (RFC 9849 section 4).

import { expect, it } from 'vitest'
import { nodeProvider } from '../../src/crypto/node.ts'
import { generateEchKeys } from '../../src/ech.ts'
import { fromHex } from '../../src/wire/bytes.ts'
import { decodeEchConfig, decodeEchConfigList, encodeEchConfigList } from '../../src/wire/ech.ts'

it('a list of the least length is one config of no bytes; what is shorter is decode_error', () => {
  expect(decodeEchConfigList(fromHex('000400000000'))).toEqual([])
  for (const hex of ['', '0000', '0003000000']) {
    expect(() => decodeEchConfigList(fromHex(hex))).toThrow(expect.objectContaining({ code: 'decode_error' }))
  }
})

it('a config of another version is ignored, alone and in a list', async () => {
  const { configList } = await generateEchKeys({ provider: nodeProvider, publicName: 'public.test' })
  const known = configList.subarray(2)
  const other = known.with(1, known[1] === 13 ? 14 : 13)
  expect(decodeEchConfig(known)?.publicName).toBe('public.test')
  expect(decodeEchConfig(other)).toBeUndefined()
  expect(decodeEchConfigList(encodeEchConfigList([other, known, other]))).toHaveLength(1)
})
