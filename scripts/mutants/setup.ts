// Loaded before each test file of a run that looks which tests reach which mutants: the switch notes the file's name,
// also in processes that a test starts.

import { expect } from 'vitest'

process.env['PURETLS_MUTANT_TEST'] = expect.getState().testPath ?? '?'
