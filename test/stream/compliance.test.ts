// The compliance suite over every shape of stream, with an engine that needs no cryptography.

import { compliance } from './compliance.ts'
import type { EngineKind } from './compliance.ts'
import { lineKinds } from './duplexes.ts'
import { FakeEngine } from './fake-engine.ts'

const direct: EngineKind = {
  name: 'an engine that answers at once',
  client: () => new FakeEngine('client'),
  server: () => new FakeEngine('server'),
}

const delayed: EngineKind = {
  name: 'an engine that answers later',
  client: () => new FakeEngine('client', { delayed: true }),
  server: () => new FakeEngine('server', { delayed: true }),
}

for (const lineKind of lineKinds) {
  for (const engines of [direct, delayed]) compliance(lineKind, engines)
}
