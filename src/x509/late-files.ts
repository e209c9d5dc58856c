// Loads what few verifications need. Neither this file nor those import anything of the library: a bundler gives a
// module with import() a file of its own, and moves what a late file imports out of the file that it was in, which
// costs more than is saved. So they are passed what they need.

import type * as fitness from './crl-fitness.ts'
import type * as rules from './strict-rules.ts'

export const loadStrictRules = (): Promise<typeof rules> => import('./strict-rules.ts')

export const loadCrlFitness = (): Promise<typeof fitness> => import('./crl-fitness.ts')
