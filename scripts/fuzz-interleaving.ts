// A long run of the interleaving property (test/engine/interleaving.ts):
// `npm run fuzz:interleaving -- --seconds 600 --seed 1`. Ends with a line that counts, or with the seed that failed.

import { parseArgs } from 'node:util'

import { interleave } from '../test/engine/interleaving.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const first = Number(values.seed)
const end = Date.now() + Number(values.seconds) * 1000
let [scenarios, records] = [0, 0]
while (Date.now() < end) {
  const seed = (first * 1_000_003 + scenarios) >>> 0
  records += await interleave({ seed, steps: 5 + (seed % 90) })
  scenarios++
}
console.log(
  `interleaving: ${scenarios} scenarios, ${records} records sealed, seed ${first}, ${values.seconds} s: no finding`,
)
