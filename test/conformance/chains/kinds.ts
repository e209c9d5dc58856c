// All kinds of chains, by turns; a seed and a number give the same chain in every run.

import { random } from '../../fuzz/x509.ts'
import type { ChainCase, Draw } from './case.ts'
import { leafKeys, signatures, wrongSignatures } from './kinds/algorithms.ts'
import { constraintPairs, constraintScopes, constraintShapes, constraintsOfOthers } from './kinds/constraints.ts'
import {
  encoding,
  extensions,
  keyIdentifiersOf,
  oddPairs,
  serialNumbers,
  validity,
  versionsOf,
} from './kinds/fields.ts'
import { altNameExtensions, caNames, dnsNames, otherNames } from './kinds/names.ts'
import { policies } from './kinds/policies.ts'
import { search } from './kinds/searches.ts'
import { basicConstraints, depths, keyUsage, nestedPurposes, pathLengths, purposeForms } from './kinds/usages.ts'

const kinds: readonly Draw[] = [
  ...[dnsNames, constraintPairs, policies, pathLengths, otherNames, constraintPairs, nestedPurposes, signatures],
  ...[extensions, dnsNames, search, validity, policies, constraintPairs, leafKeys, keyUsage, oddPairs, caNames],
  ...[altNameExtensions, constraintsOfOthers, basicConstraints, policies, keyIdentifiersOf, constraintShapes],
  ...[constraintScopes, versionsOf, serialNumbers, wrongSignatures, encoding, purposeForms, depths, oddPairs],
]

/** Number `n` of the chains of a seed. */
export const drawCase = (seed: number, n: number): ChainCase => {
  const kind = kinds[n % kinds.length]
  if (kind === undefined) throw new RangeError('no kinds')
  return kind(random(seed * 1_000_003 + n))
}
