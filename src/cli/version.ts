// The version of the package, as package.json beside dist/ or src/ has it.

import { readFileSync } from 'node:fs'

const find = (): string => {
  // src/cli/version.ts, dist/cli/*.js, or a chunk right under dist/
  for (const path of ['../../package.json', '../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (
        typeof manifest === 'object' &&
        manifest !== null &&
        'name' in manifest &&
        manifest.name === 'puretls' &&
        'version' in manifest
      )
        return String(manifest.version)
    } catch {
      // the next one
    }
  }
  return 'unknown'
}

export const version: string = find()
