// `npm run check`: every step of CI on what is installed here. Goes on past a failed step, and ends with a list of
// them. Interop tests whose peer is missing are skipped by name; CI (.ci/run) installs the peers first.

import { spawnSync } from 'node:child_process'

/** In the order of .ci/run. */
const steps = ['typecheck', 'lint', 'build', 'test', 'test:programs', 'test:pack', 'size', 'test:replay', 'demo']

const failed = steps.filter((step) => {
  console.log(`\n=== npm run ${step}`)
  const { status } = spawnSync('npm', ['run', '--silent', step], { stdio: 'inherit' })
  return status !== 0
})

console.log(failed.length === 0 ? '\nevery step went well' : `\nfailed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
